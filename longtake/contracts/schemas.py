"""The payloads as JSON Schema, for languages that generate types or check what they send."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from longtake.contracts.payloads import (
    Applied,
    Extension,
    LayoutChange,
    NoFields,
    RecordingResult,
    RecordingStatus,
    StopOrder,
    SubscriptionsChange,
    Timeline,
)
from longtake.domain.events import VendorEvent
from longtake.domain.files import Manifest, ManifestDocument
from longtake.domain.recording import RecordingRequest

Way = Literal["validation", "serialization"]
"""What may be sent to a session, and what one answers: of a duration the first allows more."""

_PAYLOADS: Mapping[str, tuple[Any, Way, str]] = {
    "recording_request": (RecordingRequest, "validation", "Input of the workflow Recording"),
    "layout_change": (
        LayoutChange,
        "validation",
        "Payload of the signal change_layout and of the update set_layout",
    ),
    "subscriptions_change": (
        SubscriptionsChange,
        "validation",
        "Payload of the signal change_subscriptions and of the update set_subscriptions",
    ),
    "no_fields": (NoFields, "validation", "Payload of the signals pause and resume, if any"),
    "extension": (Extension, "validation", "Payload of the signal extend: by or until"),
    "stop_order": (StopOrder, "validation", "Payload of the signal stop, if any"),
    "vendor_event": (
        VendorEvent,
        "validation",
        "Payload of the signal vendor_event: a callback whose signature was checked",
    ),
    "applied": (Applied, "serialization", "Answer of the updates set_layout and set_subscriptions"),
    "recording_status": (RecordingStatus, "serialization", "Answer of the query status"),
    "manifest": (
        Manifest | None,
        "serialization",
        "Answer of the query files, null until the files were checked",
    ),
    "timeline": (Timeline, "serialization", "Answer of the query timeline"),
    "recording_result": (
        RecordingResult,
        "serialization",
        "Result of the workflow Recording, and in the details of its failure",
    ),
    "manifest_document": (
        ManifestDocument,
        "serialization",
        "The object manifest.json that a session writes beside its files",
    ),
}
"""By name: the model, its way, and what it is."""

PAYLOADS = tuple(_PAYLOADS)


def schema(name: str) -> dict[str, Any]:
    """The JSON Schema of one of PAYLOADS."""
    model, way, what = _PAYLOADS[name]
    adapter: TypeAdapter[Any] = TypeAdapter(model)
    made = adapter.json_schema(mode=way, schema_generator=_Generator)
    for part in made.get("$defs", {}).values():
        if "const" in part.get("properties", {}).get("kind", {}):
            # A layout is told by its kind; pydantic's schema does not say that it must be there.
            part["required"] = [*part.get("required", ()), "kind"]
    title = "".join(word.capitalize() for word in name.split("_"))
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        **made,
        "title": title,
        "description": f"{what}.",
    }


class _Generator(GenerateJsonSchema):
    def timedelta_schema(self, schema: core_schema.TimedeltaSchema) -> JsonSchemaValue:
        """ISO 8601; from a caller seconds will do."""
        text = super().timedelta_schema(schema)
        return {"anyOf": [text, {"type": "number"}]} if self.mode == "validation" else text
