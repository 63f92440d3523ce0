"""``callwright accounts``: who may use the console and its API."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Annotated
from urllib.parse import quote

import typer

from calls.records.database import open_readonly
from console.accounts import orders, passwords, store
from console.accounts.roles import Right, Role
from console.cli.shared import print_table, settings_of, with_engine_or_store
from console.client import who
from console.operations import Done

app = typer.Typer(help="Who may use the console and its API.", no_args_is_help=True, rich_markup_mode=None)

Name = Annotated[str, typer.Argument(help="The account's name.")]


@app.command("list")
def list_accounts(context: typer.Context) -> None:
    """All accounts, and the tokens of programs."""
    with closing(open_readonly(settings_of(context).engine.database)) as connection:
        accounts, tokens = store.accounts(connection), store.tokens(connection)
    rows = [
        (
            each.name,
            each.role.value,
            each.agent_id or "",
            "yes" if each.has_second_factor else "no",
            "disabled" if each.disabled else "must change the password" if each.must_change else "",
        )
        for each in accounts
    ]
    print_table("Accounts", ["name", "role", "agent", "second factor", "state"], rows)
    if tokens:
        shown = [
            (each.account, each.name, ", ".join(sorted(each.scopes)), f"{each.expires_at:%Y-%m-%d}", each.token_id)
            for each in tokens
        ]
        print_table("Tokens", ["account", "for", "rights", "until", "id"], shown)


@app.command()
def add(
    context: typer.Context,
    name: Name,
    role: Annotated[Role, typer.Option(help="What the person is.")],
    agent: Annotated[str | None, typer.Option(help="Whose desk it is, by the agent's id in the settings.")] = None,
) -> None:
    """Add an account; the password is made here, shown once, and to be changed at the first log-in."""
    settings, now, password = settings_of(context), datetime.now(UTC), passwords.made()
    order = orders.AddOrder(name=name, role=role, agent=agent, password=passwords.Hasher().hash(password))
    done = with_engine_or_store(
        settings,
        lambda engine: engine.tell("POST", "/v1/accounts", order.model_dump(mode="json")),
        lambda db: orders.add(db, order, settings, who(), now),
    )
    typer.echo(f"{done.said}\npassword, for the first log-in: {password}")


@app.command()
def change(
    context: typer.Context,
    name: Name,
    role: Annotated[Role | None, typer.Option(help="What the person is now.")] = None,
    agent: Annotated[str | None, typer.Option(help='Whose desk it is; "": nobody\'s.')] = None,
) -> None:
    """Change the role or the desk of an account. Its sessions end."""
    if role is None and agent is None:
        raise typer.BadParameter("give --role or --agent")
    typer.echo(_change(context, name, orders.ChangeOrder(role=role, agent=agent)).said)


@app.command()
def disable(context: typer.Context, name: Name) -> None:
    """Let an account in no more: its sessions and tokens end."""
    typer.echo(_change(context, name, orders.ChangeOrder(disabled=True)).said)


@app.command()
def enable(context: typer.Context, name: Name) -> None:
    """Let a disabled account in again."""
    typer.echo(_change(context, name, orders.ChangeOrder(disabled=False)).said)


@app.command()
def password(context: typer.Context, name: Name) -> None:
    """Give an account another password, shown once and to be changed at the next log-in. Its sessions end."""
    settings, now, made = settings_of(context), datetime.now(UTC), passwords.made()
    order = orders.PasswordOrder(password=passwords.Hasher().hash(made))
    done = with_engine_or_store(
        settings,
        lambda engine: engine.tell("PUT", f"/v1/accounts/{_quoted(name)}/password", order.model_dump()),
        lambda db: orders.set_password(db, name, order, who(), now),
    )
    typer.echo(f"{done.said}: {made}")


@app.command("no-second-factor")
def no_second_factor(context: typer.Context, name: Name) -> None:
    """Ask for no code any more, as of one whose phone is lost."""
    settings, now = settings_of(context), datetime.now(UTC)
    order = orders.SecondFactorOrder(secret=None)
    done = with_engine_or_store(
        settings,
        lambda engine: engine.tell("PUT", f"/v1/accounts/{_quoted(name)}/second-factor", order.model_dump()),
        lambda db: orders.set_second_factor(db, name, order, who(), now),
    )
    typer.echo(done.said)


@app.command()
def unlock(context: typer.Context, name: Name) -> None:
    """Let an account try again that guessed too often."""
    settings, now = settings_of(context), datetime.now(UTC)

    def offline_count(db: sqlite3.Connection) -> Done:
        was = store.unlock(db, name, who(), now)
        return Done(said=f"account {name}: {'may try again' if was else 'was not locked'}")

    done = with_engine_or_store(
        settings, lambda engine: engine.order(f"/v1/accounts/{_quoted(name)}/unlock"), offline_count
    )
    typer.echo(done.said)


@app.command()
def token(
    context: typer.Context,
    name: Name,
    scope: Annotated[list[Right], typer.Option(help="A right of the account that the program gets; repeat it.")],
    purpose: Annotated[str, typer.Option("--for", help="What it is for.")],
    days: Annotated[int, typer.Option(min=1, max=366, help="How long it counts.")] = 90,
) -> None:
    """Make a token for a program, shown once: ``Authorization: Bearer`` before it."""
    settings, now, secret = settings_of(context), datetime.now(UTC), orders.new_token("cw_")
    order = orders.TokenOrder(
        name=purpose, token=store.digest(secret), scopes=frozenset(scope), expires_at=now + timedelta(days=days)
    )
    done = with_engine_or_store(
        settings,
        lambda engine: engine.tell("POST", f"/v1/accounts/{_quoted(name)}/tokens", order.model_dump(mode="json")),
        lambda db: orders.add_token(db, name, order, who(), now),
    )
    typer.echo(f"{done.said}\n{secret}")


@app.command()
def revoke(context: typer.Context, token_id: Annotated[str, typer.Argument(help="As listed.")]) -> None:
    """Take a token back."""
    settings, now = settings_of(context), datetime.now(UTC)
    done = with_engine_or_store(
        settings,
        lambda engine: engine.remove(f"/v1/tokens/{_quoted(token_id)}", {}),
        lambda db: orders.revoke(db, token_id, who(), now),
    )
    typer.echo(done.said)


def _change(context: typer.Context, name: str, order: orders.ChangeOrder) -> Done:
    settings, now = settings_of(context), datetime.now(UTC)
    return with_engine_or_store(
        settings,
        lambda engine: engine.tell("PATCH", f"/v1/accounts/{_quoted(name)}", order.model_dump(mode="json")),
        lambda db: orders.change(db, name, order, settings, who(), now),
    )


def _quoted(name: str) -> str:
    return quote(name, safe="")
