"""DICOM whole-slide series: one file per level, JPEG frames, and a LABEL image (needs pydicom, extra `dicom`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pathalign.errors import MissingExtra
from pathalign.testing.foreign_slides import LOUD, jpeg
from pathalign.testing.foreign_slides.pyramid import halvings, tiles

_ROOT = "1.2.826.0.1.3680043.10.1337"
STUDY, SERIES, FRAME_OF_REFERENCE = f"{_ROOT}.1", f"{_ROOT}.2", f"{_ROOT}.3"
_SLIDE_STORAGE, _JPEG = "1.2.840.10008.5.1.4.1.1.77.1.6", "1.2.840.10008.1.2.4.50"


def write_dicom_series(
    folder: Path,
    image: NDArray[np.uint8],
    *,
    mpp: float = 0.25,
    levels: int = 2,
    tile_px: int = 256,
    planes: int = 1,
    label: bool = True,
    icc: bytes | None = None,
    series: str = SERIES,
    missing: frozenset[int] = frozenset(),
    container: str = "1",
    specimens: tuple[str, ...] = (),
    stains: tuple[str, ...] = (),
    header: Mapping[str, str] = MappingProxyType({}),
) -> list[Path]:
    """Write `level0.dcm`, `level1.dcm` ... and `label.dcm` (of the loud colour); returns the levels' paths.

    With several `planes` of focus the middle one shows the image and the others its negative. The tiles of the indices
    `missing` are not stored in level 0, which is then sparse: each frame says where it lies. `container` and
    `specimens` are the laboratory's identifiers of the glass and of what lies on it, `stains` the substances of the
    staining step of each specimen, the first coded and the others as text; `header` has other attributes by keyword.
    """
    folder.mkdir(exist_ok=True)
    paths = []
    for k, level in enumerate(halvings(image, levels)):
        kind = ["DERIVED", "PRIMARY", "VOLUME", "RESAMPLED"] if k else ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
        paths.append(folder / f"level{k}.dcm")
        image_of = _Image(
            pixels=level, kind=kind, number=k + 1, mpp=mpp * 2**k, tile_px=tile_px, planes=planes, icc=icc,
            missing=frozenset() if k else missing, container=container, specimens=specimens,
            stains=stains, header=header,
        )  # fmt: skip
        _write(paths[-1], image_of, series)
    if label:
        loud = np.full((48, 64, 3), LOUD, np.uint8)
        kind = ["ORIGINAL", "PRIMARY", "LABEL", "NONE"]
        _write(folder / "label.dcm", _Image(pixels=loud, kind=kind, number=99, mpp=50.0, tile_px=64), series)
    return paths


@dataclass(frozen=True, kw_only=True)
class _Image:
    """One instance of a series."""

    pixels: NDArray[np.uint8]
    kind: list[str]
    number: int
    mpp: float
    tile_px: int
    planes: int = 1
    icc: bytes | None = None
    missing: frozenset[int] = frozenset()
    container: str = "1"
    specimens: tuple[str, ...] = ()
    stains: tuple[str, ...] = ()
    header: Mapping[str, str] = field(default_factory=dict)

    def frames(self) -> list[bytes]:
        """Encoded frames, plane by plane, each in reading order."""
        encoded = []
        for plane in range(self.planes):
            shown = self.pixels if plane == self.planes // 2 else 255 - self.pixels
            stored = [tile for k, tile in enumerate(tiles(shown, self.tile_px)) if k not in self.missing]
            encoded += [jpeg.encode(tile, subsampling="4:2:2") for tile in stored]
        return encoded

    def places(self) -> list[tuple[int, int]]:
        """Top and left of each frame of a plane."""
        columns, rows = (-(-side // self.tile_px) for side in self.pixels.shape[1::-1])
        stored = [divmod(k, columns) for k in range(columns * rows) if k not in self.missing]
        return [(row * self.tile_px, column * self.tile_px) for row, column in stored]


def _write(path: Path, image: _Image, series: str) -> None:
    try:
        from pydicom.dataset import FileDataset, FileMetaDataset
        from pydicom.uid import UID
    except ImportError as error:
        raise MissingExtra("DICOM is written by pydicom. Run `pip install 'pathalign[dicom]'`.") from error
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID = UID(_SLIDE_STORAGE), UID(_JPEG)
    meta.MediaStorageSOPInstanceUID = UID(f"{series}.{image.number}")
    dataset = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    for name, value in {**_origin(image, series), **_geometry(image, series), **_pixels(image), **image.header}.items():
        setattr(dataset, name, value)
    dataset["PixelData"].is_undefined_length = True
    dataset.save_as(path, enforce_file_format=True)


def _origin(image: _Image, series: str) -> dict[str, Any]:
    """Who and what: as empty as the standard allows."""
    return {
        "SOPClassUID": _SLIDE_STORAGE, "SOPInstanceUID": f"{series}.{image.number}", "StudyInstanceUID": STUDY,
        "SeriesInstanceUID": series, "FrameOfReferenceUID": FRAME_OF_REFERENCE, "PositionReferenceIndicator": "",
        "Modality": "SM", "ImageType": image.kind, "InstanceNumber": image.number, "SeriesNumber": 1,
        "Manufacturer": "PathAlign", "ManufacturerModelName": "tests", "DeviceSerialNumber": "1",
        "SoftwareVersions": "1", "PatientID": "", "PatientName": "", "PatientBirthDate": "", "PatientSex": "",
        "StudyID": "", "StudyDate": "", "StudyTime": "", "AccessionNumber": "", "ReferringPhysicianName": "",
        "ContentDate": "20200101", "ContentTime": "000000", "AcquisitionDateTime": "20200101000000",
        "SpecimenLabelInImage": "YES" if image.kind[2] == "LABEL" else "NO", "BurnedInAnnotation": "NO",
        "ContainerIdentifier": image.container, "IssuerOfTheContainerIdentifierSequence": [],
        "AcquisitionContextSequence": [],
        "ContainerTypeCodeSequence": [_code("433466003", "Microscope slide")], "SpecimenDescriptionSequence": [
            _item(
                SpecimenIdentifier=name, SpecimenUID=f"{series}.2000.{k}",
                SpecimenPreparationSequence=[_fixation(), *([_staining(image.stains)] if image.stains else [])],
            ) for k, name in enumerate(image.specimens)
        ],
        "ExtendedDepthOfField": "NO", "FocusMethod": "AUTO", "VolumetricProperties": "VOLUME",
    }  # fmt: skip


def _fixation() -> Any:
    """A step that uses a substance and stains nothing."""
    return _step("17636008", "Specimen collection", [_coded("431510009", "Formalin")])


def _staining(substances: tuple[str, ...]) -> Any:
    first, *others = substances
    using = [_code("424361007", "Using substance", "SCT")]
    texts = [_item(ValueType="TEXT", ConceptNameCodeSequence=using, TextValue=name) for name in others]
    return _step("127790008", "Staining", [_coded("12710003", first), *texts])


def _step(code: str, meaning: str, items: list[Any]) -> Any:
    kind = _item(
        ValueType="CODE", ConceptNameCodeSequence=[_code("111701", "Processing type")],
        ConceptCodeSequence=[_code(code, meaning, "SCT")],
    )  # fmt: skip
    return _item(SpecimenPreparationStepContentItemSequence=[kind, *items])


def _coded(code: str, meaning: str) -> Any:
    return _item(
        ValueType="CODE", ConceptNameCodeSequence=[_code("424361007", "Using substance", "SCT")],
        ConceptCodeSequence=[_code(code, meaning, "SCT")],
    )  # fmt: skip


def _geometry(image: _Image, series: str) -> dict[str, Any]:
    """Sizes in pixels and millimetres, and where frames lie."""
    height, width = image.pixels.shape[:2]
    spacing = {"SpacingBetweenSlices": 0.001, "SliceThickness": 0.001, "PixelSpacing": [f"{image.mpp / 1000:.8f}"] * 2}
    shared = _item(
        PixelMeasuresSequence=[_item(**spacing)],
        WholeSlideMicroscopyImageFrameTypeSequence=[_item(FrameType=image.kind)],
    )
    values: dict[str, Any] = {
        "TotalPixelMatrixColumns": width, "TotalPixelMatrixRows": height, "TotalPixelMatrixFocalPlanes": image.planes,
        "ImagedVolumeWidth": width * image.mpp / 1000, "ImagedVolumeHeight": height * image.mpp / 1000,
        "ImagedVolumeDepth": 0.001 * image.planes, "ImageOrientationSlide": [0, -1, 0, -1, 0, 0],
        "TotalPixelMatrixOriginSequence": [
            _item(XOffsetInSlideCoordinateSystem=0.0, YOffsetInSlideCoordinateSystem=0.0)
        ],
        "DimensionOrganizationSequence": [_item(DimensionOrganizationUID=f"{series}.1000")],
        "DimensionOrganizationType": "TILED_SPARSE" if image.missing else "TILED_FULL",
        "SharedFunctionalGroupsSequence": [shared],
    }  # fmt: skip
    if image.missing:
        values["PerFrameFunctionalGroupsSequence"] = [_place(top, left, image.mpp) for top, left in image.places()]
    return values


def _pixels(image: _Image) -> dict[str, Any]:
    """The frames and how they are to be understood."""
    from pydicom.encaps import encapsulate

    frames = image.frames()
    light = _item(
        OpticalPathIdentifier="0",
        IlluminationTypeCodeSequence=[_code("111744", "Brightfield illumination")],
        IlluminationColorCodeSequence=[_code("11744", "Full Spectrum")],
        **({} if image.icc is None else {"ICCProfile": image.icc}),
    )
    return {
        "Rows": image.tile_px, "Columns": image.tile_px, "SamplesPerPixel": 3, "PlanarConfiguration": 0,
        "PhotometricInterpretation": "YBR_FULL_422", "BitsAllocated": 8, "BitsStored": 8, "HighBit": 7,
        "PixelRepresentation": 0, "LossyImageCompression": "01", "LossyImageCompressionRatio": 10,
        "LossyImageCompressionMethod": "ISO_10918_1", "NumberOfOpticalPaths": 1, "OpticalPathSequence": [light],
        "NumberOfFrames": len(frames), "PixelData": encapsulate(frames),
    }  # fmt: skip


def _place(top: int, left: int, mpp: float) -> Any:
    """Where a frame lies: pixels count from one, the slide is seen as `ImageOrientationSlide` says."""
    place = _item(
        RowPositionInTotalImagePixelMatrix=top + 1,
        ColumnPositionInTotalImagePixelMatrix=left + 1,
        XOffsetInSlideCoordinateSystem=f"{-top * mpp / 1000:.6f}",
        YOffsetInSlideCoordinateSystem=f"{-left * mpp / 1000:.6f}",
        ZOffsetInSlideCoordinateSystem="0.0",
    )
    return _item(PlanePositionSlideSequence=[place], FrameContentSequence=[_item(DimensionIndexValues=[1])])


def _code(value: str, meaning: str, scheme: str = "DCM") -> Any:
    return _item(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)


def _item(**values: Any) -> Any:
    """An item of a sequence."""
    from pydicom.dataset import Dataset

    item = Dataset()
    for name, value in values.items():
        setattr(item, name, value)
    return item
