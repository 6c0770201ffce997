# One image for every service: SERVICE picks its settings, the command picks the process.

FROM python:3.13-slim-trixie AS build
# mysqlclient has no wheels: it is compiled here and only its result goes on.
RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc libc6-dev libmariadb-dev pkg-config
COPY requirements.txt .
RUN python -m venv /opt/venv \
 && /opt/venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt

FROM python:3.13-slim-trixie
RUN apt-get update \
 && apt-get install -y --no-install-recommends libmariadb3 \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
# The processor's books are the one thing a process writes outside its database; a new volume
# mounted there takes over the owner.
RUN useradd --system --user-group --no-create-home --shell /usr/sbin/nologin airline \
 && install -d -o airline -g airline /var/lib/processor
COPY --from=build /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /srv/airline
COPY . .
USER airline
