"""Patterns of the tokens of single vendors: orgkit's own, and the rules of detect-secrets and gitleaks as data."""

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

_RULES = Path(__file__).with_name("secret_rules.toml")
_NAMED_RULES = Path(__file__).with_name("gitleaks_rules.toml")
_START = r"(?<![A-Za-z0-9])"

_WITH_UNDERSCORE = (
    r"(?:hf|api_org|lin_api|lin_oauth|ntn|secret|rdme|pnu|sntry[us]|shp(?:at|ca|pa|ss)|dckr_[op]at|glsa|glc|fig[du]"
    r"|nf[pc]|gsk|r8|sbp|sb_secret|bkua|CCIP(?:AT|RJ)|rubygems|CLOJARS|shippo_(?:live|test)"
    r"|f[om][12][ar]?|sgp|sgp_local|tfp|ory_[a-z]{2}|do[por]_v1|v1_secret)"
    r"_[A-Za-z0-9+/=.-]{30,}"
)
_WITH_MORE_UNDERSCORES = (  # in what follows the prefix
    r"(?:pscale_(?:tkn|oauth|pw)|duffel_(?:live|test)|fo1|sq[upa])_(?=[\w=.-]{0,60}\d)[\w=.-]{30,}"
)
_WITH_HYPHEN = (
    r"(?:pul|nvapi|pplx|xai|key|xkeysib|xsmtpsib|ico|p8e|fio-u|dnkey|HRKU|NR(?:AK|JS|II)|PMAK|API|tk-us"
    r"|tskey-[a-z]{2,12}|s-s4t2(?:ud|af))-(?=[\w=-]{0,60}\d)[A-Za-z0-9][\w=-]{18,}"
)
_VENDOR_FORMS = (
    ("age key", r"(?i:AGE-SECRET-KEY-(?:PQ-)?1|AGE-PLUGIN-[A-Z0-9-]{1,40}-1)[A-Za-z0-9]{20,}"),
    ("GitHub token", r"gh[opusr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}"),
    ("GitLab token", r"(?:gl(?:pat|dt|ft|soat|rtr?|cbt|imt|ptt|agent|oas|ffct|wt)-|GR1348941)[\w.-]{16,}"),
    ("Slack token", r"xox[a-z](?:\.xox[a-z])?-[\w-]{8,}|xapp-[\w-]{8,}"),
    ("webhook", r"hooks\.slack\.com/(?:services|workflows|triggers)/[\w+/-]{10,}"),
    ("webhook", r"discord(?:app)?\.com/api/webhooks/\d{5,25}/[\w-]{20,}"),
    ("webhook", r"webhook\.office\.com/webhookb2/[\w@-]{20,200}/IncomingWebhook/[\w/-]{20,}"),
    ("npm token", r"npm_[A-Za-z0-9]{30,}"),
    ("PyPI token", r"pypi-Ag[A-Za-z0-9_-]{20,}"),
    ("Google token", r"AIza[\w-]{30,}|ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,}|1//0[\w-]{30,}"),
    ("Azure token", r"[A-Za-z0-9_~.]{3}\dQ~[\w~.-]{31,34}"),
    ("Azure token", r"SharedAccessKey=[A-Za-z0-9+/]{30,}={0,2}"),
    ("Atlassian token", r"AT[AC]TT3[\w=-]{20,}|ATBB[A-Za-z0-9]{24,}"),
    ("Artifactory token", r"AKCp[A-Za-z0-9]{50,}|cmVmd[A-Za-z0-9]{50,}"),
    ("Alibaba key", r"LTAI[A-Za-z0-9]{12,24}"),
    ("Bedrock key", r"ABSK[A-Za-z0-9+/]{80,}|bedrock-api-key-[\w=]{20,}"),
    ("Vault token", r"hv[sbr]\.[\w-]{20,}|(?<![\w.])s\.(?=[a-zA-Z]{0,23}\d)[A-Za-z0-9]{24}(?![\w.-])"),
    ("Terraform token", r"[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{40,}"),
    ("Doppler token", r"dp\.(?:pt|st|ct|sa|scim|audit)\.[\w.-]{20,}"),
    ("Dynatrace token", r"dt0[a-z]\d\d\.[A-Za-z0-9]{20,}\.[A-Za-z0-9]{40,}"),
    ("Airtable token", r"pat[A-Za-z0-9]{14}\.[a-f0-9]{64}"),
    ("Harness token", r"[ps]at\.[\w-]{22}\.[A-Za-z0-9]{24}\.[A-Za-z0-9]{20}"),
    ("Cloudflare key", r"v1\.0-[a-f0-9]{24}-[a-f0-9]{100,}"),
    ("OpenShift token", r"sha256~[\w-]{40,}"),
    ("Telegram token", r"\d{8,10}:AA[\w-]{32,}"),
    ("1Password key", r"A3-[A-Z0-9]{6}-[A-Z0-9-]{20,}|ops_eyJ[A-Za-z0-9+/]{50,}"),
    ("MaxMind key", r"[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk"),
    ("AI token", r"sk-(?:proj|svcacct|admin|ant|or|lf)-[\w-]{16,}|sk-[A-Za-z0-9]{20,}"),
    ("payment key", r"(?:[sr]k_(?:live|test|prod)_|whsec_|sq0[a-z]{3}-|EAAA|FLWSECK(?:_TEST)?-)[\w-]{10,}"),
    ("SendGrid key", r"SG\.[\w.=-]{60,}"),
    ("Grafana key", r"eyJrIjoi[A-Za-z0-9+/=]{40,}"),
    ("cookie", r"_gitlab_session=[0-9a-zA-Z]{20,}"),
    ("Twilio key", r"SK[0-9a-fA-F]{32}"),
    ("Facebook token", r"EAA[MC][A-Za-z0-9]{80,}"),
    ("Authress key", r"(?:sc|ext|scauth|authress)_[A-Za-z0-9]{5,30}\.[A-Za-z0-9]{4,6}\.acc[_-][\w+/=.-]{20,}"),
    ("token", _WITH_UNDERSCORE),
    ("token", _WITH_MORE_UNDERSCORES),
    ("token", r"sm_[aps]at_[A-Za-z0-9]{16}"),
    ("token", r"sgp_[a-fA-F0-9]{16}_[a-fA-F0-9]{40}|dapi[a-f0-9]{32}|4b1d[A-Za-z0-9]{38}"),
    ("token", _WITH_HYPHEN),
    ("token", r"EZ[AT]K[A-Za-z0-9]{54}"),
)  # fmt: skip


@cache
def _rules_by_name() -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = tomllib.loads(_NAMED_RULES.read_text(encoding="utf-8"))["rule"]
    return rules


@cache
def words_of_rules() -> list[tuple[list[str], int]]:
    """Return for each rule the words of which a text has to have one, and the number of the rule."""
    return [(rule["words"], number) for number, rule in enumerate(_rules_by_name())]


@cache
def named_rule(number: int) -> tuple[str, re.Pattern[str], int]:
    """Kind, pattern and the group that is the value. Most are never needed, and to compile all takes half a second."""
    rule = _rules_by_name()[number]
    regex = re.compile(rule["pattern"], re.ASCII | (re.I if rule["ignore_case"] else 0))
    return rule["kind"], regex, int(rule["group"])


@cache
def token_patterns() -> list[tuple[str, re.Pattern[str]]]:
    """What a token is called, and how it looks."""
    rules = tomllib.loads(_RULES.read_text(encoding="utf-8"))["rule"]
    known = [(rule["kind"], re.compile(rule["pattern"], re.I if rule["ignore_case"] else 0)) for rule in rules]
    return [*((kind, re.compile(_START + f"(?:{form})")) for kind, form in _VENDOR_FORMS), *known]
