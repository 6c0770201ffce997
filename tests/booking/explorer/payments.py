"""A small model of payment and its card processor, which speaks the contracts.

It does what it is asked in any order and with any outcome that the contracts allow, answers what is
asked again as before. A limited number of times it surprises: it repeats what it has said, says the
opposite, refuses to give up what is only reserved, or finds that the card was charged though it had
said no. Its state is a value: what may
happen makes another one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple


class Illegal(AssertionError):
    """Something happened that must never happen."""


class Request(NamedTuple):
    """A request of booking: its event, whose saga it is (the reservation's first is 0), its number,
    that of the authorization it is about (0 where it is one), and how much it is for."""

    event: str
    saga: int
    number: int
    of: int
    amount: int = 1


class Answer(NamedTuple):
    """An answer to a request; the event is empty for one that an operator has discarded."""

    event: str
    saga: int
    number: int
    of: int
    amount: int = 1


class Operation(NamedTuple):
    """A request that is recorded, and what was answered; nothing while the processor is asked."""

    request: Request
    answered: str = ""


@dataclass(frozen=True)
class Payments:
    """What payment knows of one authorization of a reservation.

    Args:
        operations: in the order in which they were asked for first.
        holds: whether the card has an amount reserved.
        charged: how much was charged.
        refunded: how much of it was given back.
        surprises: how often it may still say what nobody expects.
        refusals: how often a refund may still be refused for good, though there is something to
            give back.
    """

    operations: tuple[Operation, ...] = ()
    holds: bool = False
    charged: int = 0
    refunded: int = 0
    surprises: int = 0
    refusals: int = 0

    def is_idle(self, besides: str = "") -> bool:
        """Whether everything is answered, besides requests of one kind."""
        return all(one.answered or one.request.event == besides for one in self.operations)

    def settled(self, *, paid: bool) -> "Payments":
        """After people have seen to it, past payment: the customer has paid, or has it all back."""
        charged = 1 if paid else self.charged
        refunded = 0 if paid else self.charged
        return replace(self, holds=False, charged=charged, refunded=refunded)

    def ask(self, request: Request) -> tuple["Payments", tuple[Answer, ...]]:
        """Record a request; one that was answered before is answered again."""
        for known in self.operations:
            if known.request.number == request.number:
                if known.request != request:
                    raise Illegal(f"{request} has the number of {known.request}")
                again = (_answer(known),) if known.answered else ()
                return self, again
        return replace(self, operations=(*self.operations, Operation(request))), ()

    def outcomes(self) -> Iterator[tuple["Payments", Answer]]:
        """Everything that the processor may answer next."""
        for operation in self.operations:
            if not operation.answered:
                yield from self._outcomes(operation)
            elif self.surprises:
                yield from replace(self, surprises=self.surprises - 1)._surprises(operation)

    def _outcomes(self, operation: Operation) -> Iterator[tuple["Payments", Answer]]:
        match operation.request.event:
            case "PaymentAuthorizeRequested":
                voided = self._is_voided(operation.request.number)
                yield self._answered(operation, "PaymentAuthorized", holds=not voided)
                yield self._answered(operation, "PaymentDeclined")
            case "PaymentCaptureRequested":
                if self.holds:
                    yield self._charged(operation)
                yield self._answered(operation, "PaymentCaptureFailed")
            case "PaymentVoidRequested" if self.charged:
                yield self._answered(operation, "PaymentVoidFailed")
            case "PaymentVoidRequested":
                yield self._answered(operation, "PaymentVoided", holds=False)
                if self.surprises and self.holds:
                    yield from self._refused(operation)
            case "PaymentRefundRequested":
                yield from self._refunds(operation)

    def _refused(self, void: Operation) -> Iterator[tuple["Payments", Answer]]:
        """A void that the processor refuses: because the card was charged; or for no reason, and
        then it surprises nobody any more, since people see to the card themselves."""
        yield self._answered(void, "PaymentVoidFailed", surprises=0)
        if self._is_refused(void.request.of):
            fewer = self.surprises - 1
            charged = void.request.amount
            yield self._answered(
                void, "PaymentVoidFailed", holds=False, charged=charged, surprises=fewer
            )

    def _refunds(self, operation: Operation) -> Iterator[tuple["Payments", Answer]]:
        refunded = self.refunded + operation.request.amount
        if self.charged >= refunded:
            yield self._answered(operation, "PaymentRefunded", refunded=refunded)
            if self.refusals:
                fewer = self.refusals - 1
                yield self._answered(operation, "PaymentRefundFailed", refusals=fewer)
        else:
            yield self._answered(operation, "PaymentRefundFailed")

    def _surprises(self, operation: Operation) -> Iterator[tuple["Payments", Answer]]:
        yield self, _answer(operation)
        match operation.answered:
            case "PaymentDeclined":
                voided = self._is_voided(operation.request.number)
                yield self._answered(operation, "PaymentAuthorized", holds=not voided)
            case "PaymentCaptureFailed" if not self.charged:
                yield self._charged(operation)

    def _charged(self, operation: Operation) -> tuple["Payments", Answer]:
        if self.charged:
            raise Illegal("the card is charged twice")
        charged = operation.request.amount
        return self._answered(operation, "PaymentCaptured", holds=False, charged=charged)

    def _is_refused(self, number: int) -> bool:
        """Whether it was said that this authorization cannot be charged."""
        return any(
            operation.request.of == number and operation.answered == "PaymentCaptureFailed"
            for operation in self.operations
        )

    def _is_voided(self, number: int) -> bool:
        """Whether a void has come first: what is authorized then is given up at once."""
        return any(
            operation.request.of == number and operation.answered == "PaymentVoided"
            for operation in self.operations
        )

    def _answered(
        self, operation: Operation, event: str, **changes: Any
    ) -> tuple["Payments", Answer]:
        done = operation._replace(answered=event)
        operations = tuple(done if one == operation else one for one in self.operations)
        return replace(self, operations=operations, **changes), _answer(done)


def _answer(operation: Operation) -> Answer:
    _, saga, number, of, amount = operation.request
    return Answer(operation.answered, saga, number, of, amount)
