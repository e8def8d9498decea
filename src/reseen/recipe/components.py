"""From a recipe's line to an object: a component is a name and its settings, checked against the factory it names.

A kind of component has a table of factories, whose keyword-only parameters, with their annotations and defaults, say
which settings exist, of what type and within what bounds. Some parameters the program supplies (``available``): a
factory names those that it needs, and gets only them. ``"package.module:factory"`` is a name too, of anybody's code.
"""

import inspect
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple, TypeAlias, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from pydantic_core import ErrorDetails

from reseen.errors import unknown
from reseen.signatures import supplied

Factory: TypeAlias = Callable[..., Any]
Line: TypeAlias = dict[str, Any]
"""A component as a recipe holds it: its settings, beside its ``name`` where the recipe's key does not say it."""


class Component(NamedTuple):
    """The name of a factory and settings for it."""

    name: str
    settings: Mapping[str, Any]

    @classmethod
    def of(cls, line: Mapping[str, Any], *, apart_from: tuple[str, ...] = ()) -> "Component":
        """A line with its ``name``; ``apart_from``: what the line says beside its settings, such as a role."""
        return cls(line["name"], {key: value for key, value in line.items() if key not in {"name", *apart_from}})

    def line(self, **beside: Any) -> Line:
        """The line with its ``name``."""
        return {"name": self.name, **beside, **self.settings}


@dataclass(frozen=True)
class Kind:
    """A kind of component: what messages call it, its table, and the parameters that the program supplies.

    >>> def linear(*, width: int, bias: bool = True): return f"{width} {bias}"
    >>> layers = Kind("layer", {"linear": linear}, available=("width", "height"))
    >>> layers.checked(Component("linear", {}))
    Component(name='linear', settings={'bias': True})
    >>> layers.build(Component("linear", {"bias": False}), width=3, height=4)
    '3 False'
    """

    name: str
    table: Mapping[str, Factory]
    available: tuple[str, ...] = ()

    def factory(self, name: str, *, may_import: bool = False) -> Factory:
        """The factory of a name. ValueError that names the nearest, or says why a ``module:factory`` is none.

        With ``may_import`` its module is imported; without, it must have been.
        """
        if ":" in name:
            return _of_module(name, may_import=may_import)
        if name not in self.table:
            raise ValueError(unknown(self.name, name, self.table))
        return self.table[name]

    def checked(self, component: Component, *, may_import: bool = False) -> Component:
        """The component in what TOML can hold, every default written out. ValueError with one clause for a fault."""
        return component._replace(settings=_plain(self._typed(component, may_import=may_import)))

    def checked_line(self, line: Mapping[str, Any], *, may_import: bool = False) -> Line:
        """The same for a line that chooses its component by ``name``."""
        if not isinstance(line.get("name"), str):
            raise ValueError(  # noqa: TRY004 - pydantic reports ValueError only
                f"expected name = one of {', '.join(sorted(self.table))}, got {line.get('name')!r}"
            )
        return self.checked(Component.of(line), may_import=may_import).line()

    def build(self, component: Component, **available: Any) -> Any:
        """What the factory makes of the settings and of those of ``available`` that it names.

        Raises ValueError, which begins with the component's name, for settings that do not go together.
        """
        factory, settings = self.factory(component.name), self._typed(component)
        try:
            return factory(**supplied(factory, **available), **settings)
        except ValueError as error:
            raise ValueError(f"{component.name}: {error}") from error

    def _typed(self, component: Component, *, may_import: bool = False) -> dict[str, Any]:
        factory = self.factory(component.name, may_import=may_import)
        try:
            return typed_settings(factory, component.settings, available=self.available)
        except ValueError as error:
            raise ValueError(f"{component.name}: {error}") from None


def typed_settings(factory: Factory, settings: Mapping[str, Any], *, available: tuple[str, ...] = ()) -> dict[str, Any]:
    """The settings as the factory's own types, with its defaults. ``available``: parameters the program supplies.

    Raises ValueError with one clause for an unknown, missing, ill-typed or impossible setting.
    """
    schema = _schema(factory, available)
    try:
        checked = schema.model_validate_json(json.dumps(dict(settings)), strict=True)
    except ValidationError as error:
        raise ValueError(explain(error, schema)) from None
    return {name: getattr(checked, name) for name in schema.model_fields}


def plain_settings(factory: Factory, settings: Mapping[str, Any], *, available: tuple[str, ...] = ()) -> dict[str, Any]:
    """The same in what TOML can hold: lists for tuples, and no entry for a setting that is None."""
    return _plain(typed_settings(factory, settings, available=available))


def _plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    filled: dict[str, Any] = json.loads(json.dumps(settings))
    return {name: value for name, value in filled.items() if value is not None}


def known(kind: str, name: str, table: Mapping[str, object]) -> str:
    """The name, if the table has it; else a ValueError that names the nearest."""
    if name not in table:
        raise ValueError(unknown(kind, name, table))
    return name


def explain(error: ValidationError, schema: type[BaseModel]) -> str:
    """One line for a failed validation: where, what was expected, what came; at most three, then how many more."""
    faults = error.errors(include_url=False)
    more = f" (and {len(faults) - 3} more)" if len(faults) > 3 else ""
    return "; ".join(_explain_one(schema, fault) for fault in faults[:3]) + more


def refuse_import(name: str) -> None:
    """Raise ValueError for a ``module:factory`` whose module nobody has imported: a stranger's file may name it."""
    module, colon, _ = name.partition(":")
    if colon and module not in sys.modules:
        raise ValueError(f"{name}: this is code of another package; import {module} first, if you trust it")


def _of_module(name: str, *, may_import: bool) -> Factory:
    if not may_import:
        refuse_import(name)
    module, _, attribute = name.partition(":")
    try:
        factory = getattr(import_module(module), attribute, None)
    except ImportError as error:
        raise ValueError(f"{name}: {module} cannot be imported: {error}") from None
    if callable(factory):
        return factory  # type: ignore[no-any-return]
    raise ValueError(f"{name}: {module} has no function or class '{attribute}'")


@cache
def _schema(factory: Factory, available: tuple[str, ...]) -> type[BaseModel]:
    hints = get_type_hints(factory.__init__ if inspect.isclass(factory) else factory, include_extras=True)
    fields = {
        parameter.name: (
            hints[parameter.name],
            ... if parameter.default is parameter.empty else parameter.default,
        )
        for parameter in inspect.signature(factory).parameters.values()
        if parameter.name not in available
    }
    config = ConfigDict(extra="forbid", strict=True, protected_namespaces=())
    schema: type[BaseModel] = create_model("Settings", __config__=config, **fields)  # type: ignore[call-overload]
    return schema


def _explain_one(schema: type[BaseModel], fault: ErrorDetails) -> str:
    kind, location, message, got = fault["type"], fault["loc"], fault["msg"], fault["input"]
    where = ".".join(str(part) for part in location)
    if kind == "extra_forbidden":
        parent = _section(schema, location[:-1])
        settings = list(parent.model_fields) if parent else []
        prefix = f"{'.'.join(str(part) for part in location[:-1])}: " if len(location) > 1 else ""
        return prefix + unknown("setting", str(location[-1]), settings)
    if kind == "missing":
        return f"{where}: this setting is required"
    message = message.removeprefix("Value error, ")
    prefix = f"{where}: " if where else ""  # a fault of the whole recipe has no place
    return prefix + (message if kind == "value_error" else f"{message}, got {got!r}")


def _section(schema: type[BaseModel], location: tuple[int | str, ...]) -> type[BaseModel] | None:
    for part in location:
        field = schema.model_fields.get(str(part))
        inner = field.annotation if field else None
        if not (inspect.isclass(inner) and issubclass(inner, BaseModel)):
            return None
        schema = inner
    return schema
