"""What the screen of one case shows; a constant number of statements however many customers it has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from crm.exceptions import CrmError
from crm.models import Company, CustomerAddress, CustomerContact
from crm.selectors.customers import living
from crm.services.members import Member
from crm.services.merge_plan import MergePlan, plan_merge
from crm.services.survivorship import FIELDS, evidence_words
from migration_ops.identity.duplicates.cases import Question, questions_of
from migration_ops.models import DedupCase, DedupConflict, DedupRun

SHOWN_LINES = 8


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What one customer has in one line; ``why`` says how often, ``value`` can be chosen where it is not empty."""

    customer: UUID
    lines: tuple[str, ...]
    why: str = ""
    value: str = ""
    is_suggested: bool = False


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the comparison: a cell a customer; ``field`` where its value can be chosen."""

    words: str
    field: str
    differs: bool
    cells: tuple[Cell, ...]


@dataclass(frozen=True, kw_only=True)
class GroupPreview:
    """What merging one group would do; ``refusal`` where it cannot be done."""

    place: int
    plan: MergePlan | None
    refusal: str = ""

    @property
    def names(self) -> str:
        """Its members, by name."""
        return " + ".join(str(member) for member in self.plan.members) if self.plan else ""

    @property
    def survivor(self) -> str:
        """Whose customer record stays, by name."""
        return str(self.plan.member(self.plan.survivor)) if self.plan else ""

    @property
    def moving(self) -> list[tuple[str, int, int]]:
        """What moves there: words, how many rows, how many of them the survivor has already."""
        sums: dict[str, tuple[int, int]] = {}
        for each in self.plan.moves if self.plan else ():
            rows, duplicates = sums.get(each.words, (0, 0))
            sums[each.words] = (rows + each.rows, duplicates + each.duplicates)
        return [(words, *counts) for words, counts in sums.items()]


@dataclass(frozen=True, kw_only=True)
class CasePage:
    """A case with its customers side by side, the lines that differ first."""

    case: DedupCase
    members: tuple[Member, ...]
    lines: tuple[Line, ...]
    questions: tuple[Question, ...]
    names: Mapping[UUID, str]
    previews: tuple[GroupPreview, ...]
    refusal: str = ""


def case_page(case: DedupCase) -> CasePage:
    """The page of a case as it opens: everybody one customer."""
    customers = sorted(set(living(case.company, case.customers).values()))
    preview = preview_of(case.company, [customers])[0] if len(customers) > 1 else None
    plan = preview.plan if preview else None
    members = tuple(sorted(plan.members, key=lambda member: member.id)) if plan else ()
    return CasePage(
        case=case, members=members, lines=_lines(case.company, plan, members) if plan else (),
        questions=tuple(questions_of(case)), names={member.id: str(member) for member in members},
        previews=(preview,) if preview else (), refusal=preview.refusal if preview else "",
    )  # fmt: skip


def preview_of(
    company: Company, groups: Sequence[Sequence[UUID]], choices: Mapping[int, Mapping[str, str | None]] | None = None
) -> list[GroupPreview]:
    """What merging each group of two or more would do; nothing is written."""
    previews = []
    for place, group in enumerate(groups):
        if len(group) < 2:
            continue
        try:
            plan = plan_merge(company, group, choices=(choices or {}).get(place))
        except CrmError as error:
            previews.append(GroupPreview(place=place, plan=None, refusal=str(error)))
        else:
            previews.append(GroupPreview(place=place, plan=plan))
    return previews


def _lines(company: Company, plan: MergePlan, members: Sequence[Member]) -> tuple[Line, ...]:
    ids = [member.id for member in members]
    shown = [_field_line(name, plan, members) for name in FIELDS]
    contacts = CustomerContact.objects.filter(company=company, customer__in=ids).order_by("-last_seen_at", "pk")
    recorded: dict[UUID, list[CustomerContact]] = {id: [] for id in ids}
    for contact in contacts:
        recorded[contact.customer_id].append(contact)
    addresses: dict[UUID, list[str]] = {id: [] for id in ids}
    for row in CustomerAddress.objects.filter(company=company, customer__in=ids).order_by(
        "-is_primary", "-last_used_at"
    ):
        addresses[row.customer_id].append(row.address)
    others = [
        _line("addresses", {id: addresses[id] for id in ids}),
        _line("also known as", {id: [str(contact) for contact in recorded[id]] for id in ids}),
        _line("quotes", {member.id: [f"{member.quotes:,}"] for member in members}),
        _line("quoted", {member.id: [f"{member.money:,.2f}"] for member in members}),
        _line(
            "last quote",
            {member.id: [f"{member.last_quote_at:%Y-%m-%d}"] if member.last_quote_at else [] for member in members},
        ),
        _line("first seen", {member.id: [f"{member.created_at:%Y-%m-%d}"] for member in members}),
    ]
    return tuple(sorted(shown, key=lambda line: not line.differs)) + tuple(others)


def _field_line(name: str, plan: MergePlan, members: Sequence[Member]) -> Line:
    field = next(each for each in plan.fields if each.name == name)
    cells = []
    for member in members:
        value = getattr(member, name) or ""
        candidate = next(
            (each for each in field.candidates if each.is_shown and each.value.casefold() == value.casefold()), None
        )
        cells.append(
            Cell(
                customer=member.id,
                lines=(value,) if value else (),
                value=value,
                why=evidence_words(candidate) if candidate else "",
                is_suggested=value == (field.suggested or ""),
            )
        )
    words = {"email": "e-mail"}.get(name, name)
    return Line(words=words, field=name, differs=field.differs, cells=tuple(cells))


def _line(words: str, values: Mapping[UUID, Sequence[str]]) -> Line:
    cells = tuple(
        Cell(
            customer=id,
            lines=tuple(lines[:SHOWN_LINES]),
            why=f"{len(lines) - SHOWN_LINES} more" if len(lines) > SHOWN_LINES else "",
        )
        for id, lines in values.items()
    )
    return Line(words=words, field="", differs=len({cell.lines for cell in cells}) > 1, cells=cells)


def unsearched(companies: QuerySet[Company]) -> QuerySet[Company]:
    """Of these, companies with possible duplicates of a migration that no search has made cases of, by name."""
    of_company = {"company": OuterRef("pk")}
    waiting = DedupConflict.objects.filter(**of_company, state=DedupConflict.State.OPEN)
    return companies.filter(Exists(waiting), ~Exists(DedupRun.objects.filter(**of_company))).order_by("name")
