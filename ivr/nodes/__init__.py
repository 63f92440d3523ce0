"""The kinds of nodes. A new kind is one file in this folder and one line here, and a part of ``docs/nodes.md``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Discriminator, Tag

from ivr.nodes.authenticate import Authenticate
from ivr.nodes.base import NodeModel, written
from ivr.nodes.branch import Branch
from ivr.nodes.callback import Callback
from ivr.nodes.collect import Collect
from ivr.nodes.directory import Directory
from ivr.nodes.emergency import Emergency
from ivr.nodes.goto import Goto
from ivr.nodes.guard import Guard
from ivr.nodes.hangup import Hangup
from ivr.nodes.hours import Hours
from ivr.nodes.language import Language
from ivr.nodes.listen import ListenNode
from ivr.nodes.lookup import LookupNode
from ivr.nodes.menu import Menu
from ivr.nodes.opt_out import OptOutNode
from ivr.nodes.order import OrderNode
from ivr.nodes.payment import Payment
from ivr.nodes.queue import Queue
from ivr.nodes.record import RecordCall
from ivr.nodes.say import Say
from ivr.nodes.set import Set
from ivr.nodes.split import Split
from ivr.nodes.subflow import Return, Subflow
from ivr.nodes.survey import Survey
from ivr.nodes.transfer import Transfer
from ivr.nodes.transfer_to import TransferTo
from ivr.nodes.voicemail import Voicemail
from ivr.nodes.webhook import WebhookNode

MODELS: tuple[type[NodeModel], ...] = (
    Say,
    Menu,
    Collect,
    ListenNode,
    Authenticate,
    Hours,
    Language,
    Set,
    Branch,
    Split,
    Goto,
    Subflow,
    Return,
    OptOutNode,
    LookupNode,
    WebhookNode,
    OrderNode,
    Payment,
    Guard,
    Directory,
    Emergency,
    Queue,
    Callback,
    Transfer,
    TransferTo,
    RecordCall,
    Voicemail,
    Survey,
    Hangup,
)
KINDS: Mapping[str, type[NodeModel]] = {model.kind: model for model in MODELS}
"""Every kind by the key that names it in a flow file."""


def kind_of(value: object) -> str | None:
    """The kind of a node as it is written, by the key that names one. None: it has no such key.

    Some kinds have a key that names another (``hours`` has ``emergency``): the kind is the one that has all the keys,
    in whatever order they are written, and where none has, the first that is named.
    """
    if isinstance(value, NodeModel):
        return value.kind
    keys = value if isinstance(value, Mapping) else ()
    named = [key for key in keys if key in KINDS]
    fits = (key for key in named if {*keys} <= written(KINDS[key]).keys())  # "set" is a module of this package
    return named[0] if len(named) == 1 else next(fits, named[0] if named else None)


Node = Annotated[
    Annotated[Say, Tag("say")]
    | Annotated[Menu, Tag("menu")]
    | Annotated[Collect, Tag("collect")]
    | Annotated[ListenNode, Tag("listen")]
    | Annotated[Authenticate, Tag("authenticate")]
    | Annotated[Hours, Tag("hours")]
    | Annotated[Split, Tag("split")]
    | Annotated[Language, Tag("language")]
    | Annotated[Set, Tag("set")]
    | Annotated[Branch, Tag("branch")]
    | Annotated[Goto, Tag("goto")]
    | Annotated[Subflow, Tag("subflow")]
    | Annotated[Return, Tag("return")]
    | Annotated[OptOutNode, Tag("opt_out")]
    | Annotated[LookupNode, Tag("lookup")]
    | Annotated[WebhookNode, Tag("webhook")]
    | Annotated[OrderNode, Tag("order")]
    | Annotated[Payment, Tag("payment")]
    | Annotated[Queue, Tag("queue")]
    | Annotated[Guard, Tag("guard")]
    | Annotated[Directory, Tag("directory")]
    | Annotated[Emergency, Tag("emergency")]
    | Annotated[Callback, Tag("callback")]
    | Annotated[Transfer, Tag("transfer")]
    | Annotated[TransferTo, Tag("transfer_to")]
    | Annotated[RecordCall, Tag("record")]
    | Annotated[Voicemail, Tag("voicemail")]
    | Annotated[Survey, Tag("survey")]
    | Annotated[Hangup, Tag("hangup")],
    Discriminator(kind_of),
]
