"""KMS: key ids that repeat whatever the order of calls."""

from typing import Any

from moto.kms.models import Key, KmsBackend

from orgkit.sandbox import ids
from orgkit.sandbox.corrections.registry import corrects
from orgkit.sandbox.world import world

_create_key = KmsBackend.create_key


@corrects(
    KmsBackend,
    moto="CreateKey gives a random id, as AWS does: another one in each rehearsal.",
)
def create_key(self: KmsBackend, *args: Any, **kwargs: Any) -> Key:
    """CreateKey gives a random id; the sandbox derives it, so that two rehearsals can be compared."""
    key: Key = _create_key(self, *args, **kwargs)
    tags = self.tagger.get_tag_dict_for_resource(key.id)
    natural_key = (self.account_id, self.region_name, key.description, sorted(tags.items()))
    fresh = ids.uuid("key", *natural_key, world().count("key", str(natural_key)))
    if not key.multi_region and "mrk-" not in key.id:
        _rename(self, key, fresh)
    return key


def _rename(backend: KmsBackend, key: Key, fresh: str) -> None:
    backend.tagger.copy_tags(key.id, fresh)
    backend.tagger.delete_all_tags_for_resource(key.id)
    backend.keys.pop(key.id)
    key.arn, key.policy = key.arn.replace(key.id, fresh), key.policy.replace(key.id, fresh)
    key.id = fresh
    backend.keys[fresh] = key
