"""The routes of accounts, sessions and tokens: the console's process judges who somebody is, the engine writes it."""

from __future__ import annotations

from typing import Annotated

from fastapi import FastAPI, Header

from console.accounts import orders, store
from console.engine.engine import Engine
from console.operations import Done

Who = Annotated[str, Header(alias="X-Callwright-Who")]


def add(app: FastAPI, engine: Engine) -> None:
    """Add them."""
    _add_accounts(app, engine)
    _add_sessions(app, engine)


def _add_accounts(app: FastAPI, engine: Engine) -> None:
    @app.post("/v1/accounts")
    async def add_account(order: orders.AddOrder, who: Who = "unknown") -> Done:
        now, settings = engine.clock.now(), engine.settings
        return await engine.writer.run(lambda db: orders.add(db, order, settings, who, now))

    @app.patch("/v1/accounts/{name}")
    async def change(name: str, order: orders.ChangeOrder, who: Who = "unknown") -> Done:
        now, settings = engine.clock.now(), engine.settings
        return await engine.writer.run(lambda db: orders.change(db, name, order, settings, who, now))

    @app.put("/v1/accounts/{name}/password")
    async def password(name: str, order: orders.PasswordOrder, who: Who = "unknown") -> Done:
        now = engine.clock.now()
        return await engine.writer.run(lambda db: orders.set_password(db, name, order, who, now))

    @app.put("/v1/accounts/{name}/second-factor")
    async def second_factor(name: str, order: orders.SecondFactorOrder, who: Who = "unknown") -> Done:
        now = engine.clock.now()
        return await engine.writer.run(lambda db: orders.set_second_factor(db, name, order, who, now))

    @app.post("/v1/accounts/{name}/unlock")
    async def unlock(name: str, who: Who = "unknown") -> Done:
        now = engine.clock.now()
        was = await engine.writer.run(lambda db: store.unlock(db, name, who, now))
        return Done(said=f"account {name}: {'may try again' if was else 'was not locked'}")

    @app.post("/v1/accounts/{name}/tokens")
    async def token(name: str, order: orders.TokenOrder, who: Who = "unknown") -> Done:
        now = engine.clock.now()
        return await engine.writer.run(lambda db: orders.add_token(db, name, order, who, now))

    @app.delete("/v1/tokens/{token_id}")
    async def revoke(token_id: str, who: Who = "unknown") -> Done:
        now = engine.clock.now()
        return await engine.writer.run(lambda db: orders.revoke(db, token_id, who, now))


def _add_sessions(app: FastAPI, engine: Engine) -> None:
    @app.post("/v1/log-ins")
    async def begin(order: orders.TryOrder) -> orders.Tried:
        now = engine.clock.now()
        until = await engine.writer.run(lambda db: store.begin(db, order.name, order.address, now))
        return orders.Tried(locked_until=until)

    @app.post("/v1/log-ins/right")
    async def right(order: orders.TryOrder) -> Done:
        await engine.writer.run(lambda db: store.right(db, order.name, order.address))
        return Done(said="the try was right")

    @app.post("/v1/sessions")
    async def open_session(order: orders.SessionOrder) -> Done:
        now = engine.clock.now()
        account = await engine.writer.run(
            lambda db: store.open_session(db, order.name, order.token, order.address, order.step, now)
        )
        return Done(said=f"account {account.name} is logged in")

    @app.post("/v1/sessions/{token}/seen")
    async def seen(token: str) -> Done:
        now = engine.clock.now()
        await engine.writer.run(lambda db: store.seen(db, token, now))
        return Done(said="the session is in use")

    @app.delete("/v1/sessions/{token}")
    async def close(token: str) -> Done:
        await engine.writer.run(lambda db: store.close_session(db, token))
        return Done(said="the session is over")
