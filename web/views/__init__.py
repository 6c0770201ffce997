"""The pages: ask the gateway, render."""
