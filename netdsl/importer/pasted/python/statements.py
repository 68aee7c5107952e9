"""The statements of a text, followed one by one."""

from __future__ import annotations

import ast

from netdsl.core.errors import UnsupportedModule
from netdsl.importer.pasted.python.arithmetic import loaded
from netdsl.importer.pasted.python.calls import Calls
from netdsl.importer.pasted.python.libraries import HOME, library_path
from netdsl.importer.pasted.python.objects import ReturnedValue
from netdsl.importer.pasted.python.places import NotWorkedOut
from netdsl.importer.pasted.python.sizes import AllSizes
from netdsl.importer.pasted.python.values import Instance, Scope, TorchName, UserClass, UserFunction


class Statements(Calls):
    """Follows statements; what they define stands in a scope."""

    def run_alone(self, statement: ast.stmt, scope: Scope) -> None:
        """Follows a statement of the text itself; one that cannot be followed matters only where a net needs it."""
        reason = None
        try:
            self._run(statement, scope)
        except UnsupportedModule as error:
            reason = error
        match statement:
            case ast.Assign([ast.Name(name)], ast.Call(function)) if isinstance(
                scope.get(name, NotWorkedOut()), NotWorkedOut
            ):
                # Without this `net = Net(…)` would be passed over, and another net be taken for it.
                if isinstance(self._value(function, scope), UserClass | UserFunction | TorchName):
                    scope[name] = NotWorkedOut(reason)
            case _ if reason is not None:
                stored = (
                    one.id
                    for one in ast.walk(statement)
                    if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
                )
                scope.update({name: NotWorkedOut() for name in stored if name not in scope})

    def _run(self, statement: ast.stmt, scope: Scope) -> None:
        match statement:
            case ast.Import(names):
                for one in names:
                    path = one.name if one.asname else one.name.partition(".")[0]
                    scope[one.asname or path] = TorchName(path)
            case ast.ImportFrom(module, names, level):
                package = str(scope[HOME]) if HOME in scope else None
                home = library_path(module or "", level or 0, package)
                for one in names:
                    scope[one.asname or one.name] = TorchName(f"{home}.{one.name}")
            case ast.FunctionDef(name):
                scope[name] = UserFunction(statement, scope)
            case ast.ClassDef(name, bases, _, body):
                members: Scope = {}
                made = UserClass(name, members, [self._followed(self._value(base, scope)) for base in bases])
                for member in body:
                    if isinstance(member, ast.FunctionDef):  # it sees the names of the text, not those of its class
                        members[member.name] = UserFunction(member, scope, home=made)
                    else:
                        self.run_alone(member, members)
                scope[name] = made
            case ast.Assign(targets, value):
                found = self._value(value, scope)
                for target in targets:
                    self._assign(target, found, scope)
            case ast.AnnAssign(target, _, ast.expr() as value):
                self._assign(target, self._value(value, scope), scope)
            case ast.AugAssign(target, op, value):
                summed = ast.copy_location(ast.BinOp(loaded(target), op, value), statement)
                self._assign(target, self._value(summed, scope), scope)
            case ast.Expr(value):
                self._value(value, scope)
            case ast.Return(value):
                raise ReturnedValue(None if value is None else self._value(value, scope))
            case ast.If(test, body, orelse):
                self._run_all(body if self._truth(test, scope) else orelse, scope)
            case ast.For(target, iterated, body):
                for item in self._items(iterated, scope):
                    self._assign(target, item, scope)
                    self._run_all(body, scope)
            case ast.With(_, body):
                self._run_all(body, scope)
            case ast.Pass() | ast.Assert() | ast.AnnAssign() | ast.Global() | ast.Delete():
                pass
            case _:
                self._fail(statement)

    def _run_all(self, statements: list[ast.stmt], scope: Scope) -> None:
        for statement in statements:
            self._run(statement, scope)

    def _assign(self, target: ast.expr, value: object, scope: Scope) -> None:
        match target:
            case ast.Name(name):
                scope[name] = value
            case ast.Attribute(owner, name):
                instance = self._value(owner, scope)
                if isinstance(instance, Instance):
                    instance.attributes[name] = value
            case ast.Tuple(parts) if isinstance(value, AllSizes) and not any(
                isinstance(part, ast.Starred) for part in parts
            ):
                self._assign(target, value.unpacked(len(parts)), scope)
            case ast.Tuple(parts) | ast.List(parts) if isinstance(value, tuple | list) and len(value) == len(parts):
                for part, one in zip(parts, value, strict=True):
                    self._assign(part, one, scope)
            case _:
                self._fail(target)
