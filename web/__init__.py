"""The pages: a client of the public API like any other, with no rights and no data of its own."""
