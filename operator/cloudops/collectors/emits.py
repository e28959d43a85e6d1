"""The words for one type that a listing shows."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cloudops.collectors.edges import To
from cloudops.domain.resource import TagSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Emits:
    """How the items of one type are found in an answer and what they mean.

    Attributes:
        type: Native type, e.g. `AWS::EC2::Instance`.
        kind: Normalised kind, e.g. `compute.instance`.
        items: Plain path from a page to its items, e.g. `Reservations[].Instances`. It is
            walked strictly: what a JMESPath would silently skip is reported as malformed.
        single: The answer is a statement about the account or region. `items` then leads
            to one object; or to a plain value, and what holds that is the object.
        word: Where items are plain texts: the member of the document that holds them.
        id: Canonical id: a JMESPath into the item where the API gives it, or a
            template such as `arn:{partition}:ec2:{region}:{account}:instance/{InstanceId}`.
            A placeholder `{Name*}` may hold colons and slashes; of `{Name/}` only what
            follows the last slash counts. Several where not every answer gives it: the
            first that the item tells counts.
        arn: The ARN's template where `id` is a path, and the tagging API brings the tags or
            other resources name this one by less than its ARN.
        name: JMESPath to the name, or one placeholder as in ids; of an ARN the last part
            counts. An AWS `Name` tag wins where `name` is "".
        state: JMESPath to the life-cycle state, "" where there is none.
        created: JMESPath to the creation time, "" where there is none.
        region: JMESPath to the item's own region, "" = the listing's.
        tag_source: Where tags come from; with LISTED, `tags` is the JMESPath to them; with
            DETAILS it is one of the row's `details`.
        passing: Path → words that come and go by themselves → the word that lasts behind
            each, which hash, history and state show instead.
        volatile: Paths outside hash and history.
        unordered: Paths of lists whose order means nothing; sorted before hashing.
        redact: Paths whose values are replaced by a fingerprint.
        webhooks: Paths of addresses that may themselves be the credential: of those of http(s)
            scheme and host stay; ids, mail addresses and numbers stay whole.
        edges: Relation name → where the document names the targets: `To(path, id)`, or the
            path alone where nothing but an ARN can be told.
        owner: JMESPath to the owning account, or to an ARN that names it; an item that
            another account shares, or that lies in another region, is left to the listing
            there. "" where listings show own items only.
        id_shape: Id template that the id has to fit, where one answer holds items of
            several types; the others are left to their own rows.
        json: Paths of strings that hold JSON, perhaps URL-encoded; stored decoded.
        body: Member whose JSON text is the item's description, which may be missing; paths
            lead into it. "" where the item describes itself.
        tags_may_lack: The answer may leave the tags out; they are unknown then, not none.
        owner_listing: Of a facet, the listing that shows the resource itself.
    """

    type: str
    kind: str
    items: str
    single: bool = False
    word: str = ""
    id: str | tuple[str, ...]
    arn: str = ""
    name: str = ""
    state: str = ""
    created: str = ""
    region: str = ""
    tag_source: TagSource
    tags: str = ""
    passing: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    volatile: tuple[str, ...] = ()
    unordered: tuple[str, ...] = ()
    redact: tuple[str, ...] = ()
    webhooks: tuple[str, ...] = ()
    edges: Mapping[str, str | To] = field(default_factory=dict)
    owner: str = ""
    id_shape: str = ""
    json: tuple[str, ...] = ()
    body: str = ""
    tags_may_lack: bool = False
    owner_listing: str = ""

    @property
    def ids(self) -> tuple[str, ...]:
        return (self.id,) if isinstance(self.id, str) else self.id

    @property
    def id_templates(self) -> tuple[str, ...]:
        """What ids look like; () where only the API knows."""
        own = tuple(one for one in self.ids if "{" in one)
        return (self.arn, *own) if self.arn else own

    @property
    def id_template(self) -> str:
        """What the id looks like, as a rule; "" where only the API knows."""
        return next(iter(self.id_templates), "")
