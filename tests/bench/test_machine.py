"""What is said of the machine that figures are measured on."""

import platform

import pytest

from bench import machine


@pytest.mark.parametrize(
    ("arguments", "prefix", "told"),
    [
        ("'--prefix=/usr/local' '--enable-optimizations' '--with-lto'", "/usr/local", "optimized"),
        ("'--prefix=/usr' '--enable-optimizations'", "/usr", "optimized"),
        ("'--prefix=/usr' '--enable-shared'", "/usr", "the distribution's"),
        ("'--prefix=/usr/local'", "/usr/local", "not optimized"),
        ("", "/home/somebody/python", "not optimized"),
    ],
)
def test_whether_python_is_optimized_is_told(arguments: str, prefix: str, told: str) -> None:
    assert machine.build(arguments, prefix) == told


def test_the_python_that_measures_is_described() -> None:
    facts = machine.describe()
    assert facts["python"] == platform.python_version()
    assert facts["python_build"] in ("optimized", "not optimized", "the distribution's")
