"""Notification: messages to passengers, and webhooks to partners."""
