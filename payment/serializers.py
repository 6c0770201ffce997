"""What goes out over HTTP."""

from rest_framework import serializers

from payment.models import Operation, Payment


class OperationSerializer(serializers.ModelSerializer[Operation]):
    """One operation, without the card's token."""

    class Meta:
        model = Operation
        fields = [
            "number",
            "kind",
            "authorization_number",
            "status",
            "amount",
            "currency",
            "processor_reference",
            "reason",
            "attempts",
            "requested_at",
            "completed_at",
        ]
        read_only_fields = fields


class PaymentSerializer(serializers.ModelSerializer[Payment]):
    """A payment and its operations."""

    operations = OperationSerializer(many=True, read_only=True)

    class Meta:
        model = Payment
        fields = [
            "reservation_id",
            "currency",
            "authorized_amount",
            "captured_amount",
            "refunded_amount",
            "voided_amount",
            "operations",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields
