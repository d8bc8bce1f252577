"""How large an input may be, checked before any pixel is decoded, and what decoding it may take."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

_MEBI = 1024 * 1024


class Limits(BaseModel):
    """Limits on inputs; the defaults leave room for a whole A3 book in colour and stop everything absurd.

    Args:
        file_bytes: size of one file, or of one archive member when unpacked.
        pages: pages in one file.
        megapixels: pixels of one page, in millions. Above 178 the image library itself refuses.
        min_side: shorter side of a page in pixels; anything smaller holds no readable text.
        zip_members: entries in one archive.
        zip_total_bytes: sum of the unpacked sizes of one archive.
        zip_ratio: unpacked size over packed size of one member; judged from 1 MiB upwards, because tiny regular files
            may shrink by more and do no harm.
        render_seconds: time one PDF page may take to render.
        decode_seconds: time a file may take to be looked through, or a page to be decoded; rendering comes on top.
        decode_mebibytes: memory that may take, in MiB. A page of 120 megapixels in colour takes some 1,800.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    file_bytes: int = Field(default=1024 * _MEBI, ge=1)
    pages: int = Field(default=2000, ge=1)
    megapixels: float = Field(default=120.0, gt=0.0, le=178.0)
    min_side: int = Field(default=64, ge=1)
    zip_members: int = Field(default=20_000, ge=1)
    zip_total_bytes: int = Field(default=8192 * _MEBI, ge=1)
    zip_ratio: float = Field(default=200.0, gt=1.0)
    render_seconds: float = Field(default=120.0, gt=0.0)
    decode_seconds: float = Field(default=60.0, gt=0.0)
    decode_mebibytes: int = Field(default=3072, ge=64)
