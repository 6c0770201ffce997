# Thin names for the scripts of dev/; each can be run without make: python3 dev/<script>.py
PYTHON ?= python3

.DEFAULT_GOAL := help
.PHONY: help demo up down test test-slow screenshots test-exhaustive lint types chaos bench bench-outbox bench-booking bench-gateway bench-payment bench-saga bench-fare bench-notification events openapi saga

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "%-17s %s\n", $$1, $$2}'

demo:  ## everything, with nothing but Python: a reservation from PENDING to CONFIRMED (ONCE=1: then end)
	@$(PYTHON) dev/demo.py $(if $(ONCE),--once)

up:  ## everything on a private MariaDB and Kafka, kept running; the data stays
	@$(PYTHON) dev/up.py

down:  ## stop what `make up` started
	@$(PYTHON) dev/down.py

test:  ## all tests but the slow ones, on SQLite and on MariaDB and Kafka
	@$(PYTHON) dev/test.py

test-slow:  ## the slow tests: repeated races, long fault runs
	@$(PYTHON) dev/test.py --slow

screenshots:  ## the pictures in docs/screenshots/ anew
	@SCREENSHOTS=docs/screenshots $(PYTHON) dev/test.py --slow browser -- -k screenshots

test-exhaustive:  ## every other row of the saga's tables changed, and bugs planted for `make chaos` to see, in turn: an hour
	@$(PYTHON) dev/test.py --slow booking chaos -- -m "exhaustive and not mariadb"

lint:  ## format, rules, import contracts, migrations, deployment checks
	@$(PYTHON) dev/lint.py

types:  ## mypy, strict
	@$(PYTHON) dev/lint.py types

chaos:  ## the whole system under load while everything is broken, then checked (DURATION=seconds SEED=n)
	@$(PYTHON) dev/chaos.py $(if $(DURATION),--duration $(DURATION)) $(if $(SEED),--seed $(SEED))

events:  ## docs/events/ anew, from the contracts
	@$(PYTHON) dev/events.py

openapi:  ## docs/openapi/ anew, from the services' code
	@$(PYTHON) dev/openapi.py

saga:  ## docs/saga.md anew, from the saga's tables
	@$(PYTHON) dev/saga.py

bench:  ## the whole system under load: one table, and a page with plots; fails where a figure is missed
	@$(PYTHON) dev/bench.py whole

bench-outbox:  ## how fast the outbox library is, beside its limits; fails where a figure is missed
	@$(PYTHON) dev/bench.py outbox

bench-booking:  ## how fast seats are booked and looked at, beside the limits; fails where a figure is missed
	@$(PYTHON) dev/bench.py booking

bench-gateway:  ## what the way through the gateway costs, beside asking booking directly; fails where it is too much
	@$(PYTHON) dev/bench.py gateway

bench-payment:  ## how many authorizations one worker gets through; fails where it is too few
	@$(PYTHON) dev/bench.py payment

bench-saga:  ## how long a reservation takes to be confirmed, step by step; fails where it is too long
	@$(PYTHON) dev/bench.py saga

bench-fare:  ## how long a price takes, over HTTP and on a reservation's way; fails where it is too long
	@$(PYTHON) dev/bench.py fare

bench-notification:  ## how many webhooks one runner sends, and how soon a mail follows; fails where it is too slow
	@$(PYTHON) dev/bench.py notification
