"""Settings of the pipeline's worker: `HERD_PIPELINE_…`."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from runtime.settings import KafkaFields, ServiceSettings


class PipelineSettings(ServiceSettings, KafkaFields):
    """Readings → detections."""

    model_config = SettingsConfigDict(env_prefix="HERD_PIPELINE_", frozen=True, extra="ignore")

    slot: str | None = Field(
        default=None,
        pattern="[a-z0-9-]{1,40}",
        description="Names this worker in its group and in its transactions; no two may have the "
        "same, and a second one leaves. Unset = the first of pipeline-0, pipeline-1, … that nobody "
        "holds.",
    )
    batch_records_max: int = Field(
        default=10_000, ge=1, le=100_000, description="Largest batch of one transaction, records."
    )
    poll_wait_s: float = Field(
        default=0.05, gt=0, le=1, description="Seconds a poll waits while there is nothing to read."
    )
    commit_every_s: float = Field(
        default=0.2,
        ge=0,
        le=5,
        description="Seconds after which progress is committed though there is nothing to tell; "
        "a detection is committed at once.",
    )
    snapshot_debt_s: float = Field(
        default=3.0,
        gt=0,
        le=60,
        description="Seconds that a restore may replay, at this worker's own measured speed, "
        "before the next snapshot is due.",
    )
    snapshot_every_s: float = Field(
        default=300.0,
        gt=0,
        le=3600,
        description="Seconds after which a snapshot is due at the latest, while readings come.",
    )
    snapshot_records_max: int = Field(
        default=2_000_000,
        ge=1,
        le=10_000_000,
        description="Records read since the last snapshot after which the next one is due, however "
        "fast this worker is.",
    )
    unknown_schema_wait_s: float = Field(
        default=20.0,
        ge=0,
        le=40,
        description="Seconds the registry is asked again for a schema it does not know, before "
        "records of that schema go to the dead letters.",
    )
