"""Fare: what a seat costs under which conditions, and what a cancelation or a change does."""
