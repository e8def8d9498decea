"""Settings checked against the signature of what they build, so no setting is ever dropped in silence.

A recipe line names an entry of a table and gives it settings; the entry's keyword-only parameters, with their
annotations and defaults, say which settings exist and of what type.
"""

import inspect
import json
from collections.abc import Callable, Collection, Mapping
from typing import TypeAlias, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from pydantic_core import ErrorDetails

from reseen.errors import unknown

Factory: TypeAlias = Callable[..., object]


def typed_settings(
    factory: Factory, settings: Mapping[str, object], *, provided: Collection[str] = ()
) -> dict[str, object]:
    """Settings as the factory's own types, defaults filled in. ``provided``: parameters the program supplies.

    Raises ValueError with one clause for an unknown, missing, ill-typed or impossible setting.
    """
    model = _model_of(factory, provided)
    try:
        checked = model.model_validate_json(json.dumps(dict(settings)), strict=True)
    except ValidationError as error:
        raise ValueError(explain(error, model)) from None
    return {name: getattr(checked, name) for name in model.model_fields}


def plain_settings(
    factory: Factory, settings: Mapping[str, object], *, provided: Collection[str] = ()
) -> dict[str, object]:
    """The same, in what TOML can hold: lists for tuples, and no entry for a setting that is None."""
    filled: dict[str, object] = json.loads(json.dumps(typed_settings(factory, settings, provided=provided)))
    return {name: value for name, value in filled.items() if value is not None}


def explain(error: ValidationError, model: type[BaseModel]) -> str:
    """One line for a failed validation: where, what was expected, what came; at most three, then how many more."""
    found = error.errors(include_url=False)
    lines = [_explain_one(model, entry) for entry in found[:3]]
    more = f" (and {len(found) - 3} more)" if len(found) > 3 else ""
    return "; ".join(lines) + more


def _explain_one(model: type[BaseModel], fault: ErrorDetails) -> str:
    kind, location, message, got = fault["type"], fault["loc"], fault["msg"], fault["input"]
    where = ".".join(str(part) for part in location)
    if kind == "extra_forbidden":
        parent = _section(model, location[:-1])
        known = list(parent.model_fields) if parent else []
        prefix = f"{'.'.join(str(part) for part in location[:-1])}: " if len(location) > 1 else ""
        return prefix + unknown("setting", str(location[-1]), known)
    if kind == "missing":
        return f"{where}: this setting is required"
    message = message.removeprefix("Value error, ")
    return f"{where}: {message}" if kind == "value_error" else f"{where}: {message}, got {got!r}"


def _section(model: type[BaseModel], location: tuple[int | str, ...]) -> type[BaseModel] | None:
    for part in location:
        field = model.model_fields.get(str(part))
        inner = field.annotation if field else None
        if not (inspect.isclass(inner) and issubclass(inner, BaseModel)):
            return None
        model = inner
    return model


def _model_of(factory: Factory, provided: Collection[str]) -> type[BaseModel]:
    hints = get_type_hints(factory, include_extras=True)
    parameters = inspect.signature(factory).parameters.values()
    fields = {
        parameter.name: (
            hints[parameter.name],
            ... if parameter.default is parameter.empty else parameter.default,
        )
        for parameter in parameters
        if parameter.name not in provided
    }
    config = ConfigDict(extra="forbid", strict=True, protected_namespaces=())
    made: type[BaseModel] = create_model("Settings", __config__=config, **fields)  # type: ignore[call-overload]
    return made
