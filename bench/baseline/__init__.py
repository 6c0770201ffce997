"""A naive version of the system, to compare it with: gateway, booking and payment as a tutorial on
the transactional outbox has them.

Rows of the outbox are sent one by one by a poller that looks once a second; messages are applied
one by one. It is right as long as nothing fails, one process of each kind runs and nobody changes
their mind: there are no leases, no order after a failure, no held messages, no holds that expire,
no card processor, no prices, no tickets and no mails.
"""
