"""What the tests of the services' OpenAPI documents share."""

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml
from django.core.management import call_command
from rest_framework.exceptions import APIException

from config.openapi import own_type

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "openapi"


def committed(service: str) -> str:
    """The text of a service's document as it is in the repository."""
    return (FOLDER / f"{service}.yaml").read_text(encoding="utf-8")


def generated(folder: Path) -> str:
    """The text of this service's document, valid and made without a warning."""
    file = folder / "document.yaml"
    call_command("spectacular", f"--file={file}", "--validate", "--fail-on-warn")
    return file.read_text(encoding="utf-8")


def problems_of(service: str) -> set[tuple[str, int]]:
    """The types of problems of their own that any operation answers with, and their statuses."""
    document = yaml.safe_load(committed(service))
    return {
        (properties["type"]["const"], int(status))
        for methods in document["paths"].values()
        for operation in methods.values()
        for status, response in operation["responses"].items()
        for properties in _problems(document, response)
        if properties["type"]["const"] != "about:blank"
    }


def _problems(document: Any, response: Any) -> Iterator[Any]:
    content = response.get("content", {}).get("application/problem+json")
    if content:
        for schema in content["schema"].get("oneOf", [content["schema"]]):
            name = schema["$ref"].rpartition("/")[2]
            yield document["components"]["schemas"][name]["properties"]


def exceptions_of(*packages: ModuleType) -> set[tuple[str, int]]:
    """The types and statuses of those exceptions of these packages that have their own code."""
    for package in packages:
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".management." not in module.name and ".migrations" not in module.name:
                importlib.import_module(module.name)
    names = tuple(f"{package.__name__}." for package in packages)
    return {
        (own_type(found), found.status_code)
        for found in _below(APIException)
        if found.__module__.startswith(names) and "default_code" in vars(found)
    }


def _below(of: type[APIException]) -> Iterator[type[APIException]]:
    for found in of.__subclasses__():
        yield found
        yield from _below(found)
