"""The parameters file as a whole: the sections of the phases, and those that belong to no phase."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, create_model

from orgkit.parameters.rehearsal_policies import RehearsalModel
from orgkit.phases.member_access import section as members
from orgkit.phases.registry import RUNBOOKS
from orgkit.phases.schema.formats import refuse, suggest
from orgkit.phases.schema.types import Arns, Label, SectionModel, checked_text, editor_check
from orgkit.phases.storage.bucket_names import S3_LOCATION, s3_location

SECTIONS = (*(phase.section for phase in RUNBOOKS if phase.section is not None), members.SECTION)


def _approver(value: Any) -> Any:
    """A text is the key alone."""
    if not isinstance(value, str | dict):
        raise ValueError('must be a key in quotes, or { key = "…", arn = "…" }.')
    return {"key": value} if isinstance(value, str) else value


class ApproverModel(SectionModel):
    """`[approval.approvers]`, in the long form."""

    key: str = Field(examples=['"ada.pub"'])
    arn: Arns | None = None


class ApprovalModel(SectionModel):
    """`[approval]`: signed approvals; how long they hold stands in `[organization]`."""

    four_eyes: bool = False
    approvers: dict[
        Label, Annotated[ApproverModel, BeforeValidator(_approver, json_schema_input_type=str | ApproverModel)]
    ] = {}
    operators: dict[Label, Arns] = {}


class RecordsModel(SectionModel):
    """`[records]`."""

    sign_with: str = ""
    public_key: str = ""
    mask_emails: bool = False
    archive: Annotated[str, checked_text(s3_location), editor_check(S3_LOCATION)] = ""


HANDED_OVER = tuple(phase.label for phase in RUNBOOKS if phase.has_module("handover"))


def handed_over_phase(value: str) -> str:
    """Check the label of a phase that Terraform can take over."""
    if value not in HANDED_OVER:
        refuse(value, f"is not a phase that Terraform can own. {suggest(value, HANDED_OVER)}")
    return value


class HandoverModel(SectionModel):
    """`[handover]`: the phases whose resources Terraform owns."""

    phases: list[Annotated[str, checked_text(handed_over_phase), editor_check(enum=list(HANDED_OVER))]] = []
    members: bool = False
    folder: str = ""


# Made from the descriptors, so that a new phase brings its section along.
_FIELDS: dict[str, Any] = {section.name: (section.schema, section.default) for section in SECTIONS}
_FIELDS |= {
    "handover": (HandoverModel, HandoverModel()),
    "approval": (ApprovalModel, ApprovalModel()),
    "records": (RecordsModel, RecordsModel()),
    "rehearsal": (RehearsalModel, RehearsalModel()),
}
File = create_model("File", __base__=SectionModel, __doc__="The whole parameters file.", **_FIELDS)
