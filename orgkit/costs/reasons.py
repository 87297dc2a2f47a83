"""Why a step costs what it costs per month, or nothing, in a sentence."""

from collections.abc import Sequence

from orgkit.costs.charge import Usage
from orgkit.plan import Step

SETTINGS = "settings of a bucket cost nothing"

# By the name of the step's class; each class is defined in the model of its concept.
FREE = {
    "CreateOrganization": "AWS Organizations costs nothing; the Free Tier credits that end with it are lost once",
    "EnableTrustedAccess": "trusted access costs nothing; what the service does once it is switched on may",
    "EnablePolicyType": "policies cost nothing",
    "EnableRootFeature": "centralized root access costs nothing",
    "CreateUnit": "organizational units cost nothing",
    "TagUnit": "tags cost nothing",
    "CreateAccount": "an account costs nothing; what is done in it does",
    "MoveAccount": "moving an account costs nothing",
    "TagAccount": "tags cost nothing",
    "CreateReadRole": "IAM roles cost nothing",
    "InviteAccount": "joining costs nothing; what the account costs already comes onto this bill",
    "AcceptInvitation": "joining costs nothing; what comes with the account is counted where it is invited",
    "MakeManageable": "IAM roles cost nothing",
    "CreateBucket": "an empty bucket costs nothing; what the trail stores in it is counted where logging starts",
    "BlockPublicAccess": SETTINGS,
    "SetOwnership": SETTINGS,
    "SetVersioning": SETTINGS,
    "SetEncryption": SETTINGS,
    "SetBucketPolicy": SETTINGS,
    "SetLifecycle": SETTINGS,
    "SetObjectLock": SETTINGS,
    "TagBucket": SETTINGS,
    "SetKeyPolicy": "settings of a key cost nothing",
    "RotateKey": "the first and the second rotation add a part of the key's price each, a year from now",
    "CreateTrail": "a trail costs nothing until it logs",
    "CreateBudget": "a budget that only tells costs nothing",
    "CreateAnomalyMonitor": "anomaly detection costs nothing",
    "CreateAnomalySubscription": "alerts by e-mail cost nothing",
    "ActivateCostTag": "cost allocation tags cost nothing",
    "UpdateTrail": "a trail costs nothing; its first copy of management events is free",
}
ADDS = {
    "EnableTrustedAccess": "AWS Config in the management account",
    "CreateAccount": "what comes with the account",
    "InviteAccount": "what comes with the account, beside what it costs already",
    "AcceptInvitation": "what comes with the account, beside what it costs already",
    "CreateKey": "the key itself, and its use by those who read encrypted logs",
    "StartLogging": "log and digest files of every account of the file, paid by the log archive account",
}
UNKNOWN = "orgkit knows of no charge for this step"


def reason(step: Step, added: Sequence[Usage]) -> str:
    """The sentence that stands beside the amount of a step that adds these usages."""
    name = type(step).__name__
    if name not in ADDS or not any(usage.quantity for usage in added):
        return FREE.get(name, UNKNOWN)
    if any(usage.quantity for usage in added if not usage.made):
        return f"{ADDS[name]}; AWS Config is assumed to be switched on later, orgkit does not"
    return ADDS[name]
