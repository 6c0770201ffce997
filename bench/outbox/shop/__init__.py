"""The app that is measured: one aggregate, one event, one effect."""
