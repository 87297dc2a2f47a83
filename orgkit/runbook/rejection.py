"""The rejection of a plan, which a kernel gets in its environment."""

REJECTION_VARIABLE = "ORGKIT_REJECTED_BY"  # of a kernel alone, which `orgkit apply` starts when a person rejects
