"""DICOM whole-slide series: one file per level, JPEG frames, and a LABEL image (needs pydicom, extra `dicom`)."""

from __future__ import annotations

from pathlib import Path
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
) -> list[Path]:
    """Write `level0.dcm`, `level1.dcm` ... and `label.dcm` (of the loud colour); returns the levels' paths.

    With several `planes` of focus the plane at depth 0 shows the image and the others its negative.
    """
    folder.mkdir(exist_ok=True)
    paths = []
    for k, level in enumerate(halvings(image, levels)):
        kind = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"] if k == 0 else ["DERIVED", "PRIMARY", "VOLUME", "RESAMPLED"]
        paths.append(folder / f"level{k}.dcm")
        _write(paths[-1], level, kind, k + 1, mpp * 2**k, tile_px, planes, icc, series)
    if label:
        loud = np.full((48, 64, 3), LOUD, np.uint8)
        _write(folder / "label.dcm", loud, ["ORIGINAL", "PRIMARY", "LABEL", "NONE"], 99, 50.0, 64, 1, None, series)
    return paths


def _write(
    path: Path, image: NDArray[np.uint8], kind: list[str], number: int, mpp: float, tile_px: int, planes: int,
    icc: bytes | None, series: str,
) -> None:  # fmt: skip
    try:
        from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
        from pydicom.encaps import encapsulate
        from pydicom.uid import UID
    except ImportError as error:
        raise MissingExtra("DICOM is written by pydicom. Run `pip install 'pathalign[dicom]'`.") from error
    height, width = image.shape[:2]
    frames = []
    for plane in range(planes):
        shown = image if plane == planes // 2 else 255 - image
        frames += [jpeg.encode(tile, subsampling="4:2:2") for tile in tiles(shown, tile_px)]
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID = UID(_SLIDE_STORAGE), UID(_JPEG)
    meta.MediaStorageSOPInstanceUID = UID(f"{series}.{number}")
    dataset = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    plane_depth = Dataset()
    plane_depth.SpacingBetweenSlices, plane_depth.SliceThickness = 0.001, 0.001
    plane_depth.PixelSpacing = [f"{mpp / 1000:.8f}"] * 2
    frame_type = Dataset()
    frame_type.FrameType = kind
    functional = Dataset()
    functional.PixelMeasuresSequence = [plane_depth]
    functional.WholeSlideMicroscopyImageFrameTypeSequence = [frame_type]
    path_of_light = Dataset()
    path_of_light.OpticalPathIdentifier = "0"
    path_of_light.IlluminationTypeCodeSequence = [_code("111744", "Brightfield illumination")]
    path_of_light.IlluminationColorCodeSequence = [_code("11744", "Full Spectrum")]
    if icc is not None:
        path_of_light.ICCProfile = icc
    origin = Dataset()
    origin.XOffsetInSlideCoordinateSystem, origin.YOffsetInSlideCoordinateSystem = 0.0, 0.0
    organisation = Dataset()
    organisation.DimensionOrganizationUID = f"{series}.1000"
    values: dict[str, Any] = {
        "SOPClassUID": _SLIDE_STORAGE, "SOPInstanceUID": f"{series}.{number}", "StudyInstanceUID": STUDY,
        "SeriesInstanceUID": series, "FrameOfReferenceUID": FRAME_OF_REFERENCE, "PositionReferenceIndicator": "",
        "Modality": "SM", "ImageType": kind, "InstanceNumber": number, "SeriesNumber": 1, "Manufacturer": "PathAlign",
        "ManufacturerModelName": "tests", "DeviceSerialNumber": "1", "SoftwareVersions": "1", "PatientID": "",
        "PatientName": "", "PatientBirthDate": "", "PatientSex": "", "StudyID": "", "StudyDate": "", "StudyTime": "",
        "AccessionNumber": "", "ReferringPhysicianName": "", "ContentDate": "20200101", "ContentTime": "000000",
        "AcquisitionDateTime": "20200101000000", "Rows": tile_px, "Columns": tile_px, "SamplesPerPixel": 3,
        "PlanarConfiguration": 0, "PhotometricInterpretation": "YBR_FULL_422", "BitsAllocated": 8, "BitsStored": 8,
        "HighBit": 7, "PixelRepresentation": 0, "LossyImageCompression": "01", "LossyImageCompressionRatio": 10,
        "LossyImageCompressionMethod": "ISO_10918_1", "TotalPixelMatrixColumns": width, "TotalPixelMatrixRows": height,
        "TotalPixelMatrixFocalPlanes": planes, "NumberOfOpticalPaths": 1, "ImagedVolumeWidth": width * mpp / 1000,
        "ImagedVolumeHeight": height * mpp / 1000, "ImagedVolumeDepth": 0.001 * planes,
        "ImageOrientationSlide": [0, -1, 0, -1, 0, 0], "TotalPixelMatrixOriginSequence": [origin],
        "DimensionOrganizationSequence": [organisation], "DimensionOrganizationType": "TILED_FULL",
        "NumberOfFrames": len(frames), "ExtendedDepthOfField": "NO", "FocusMethod": "AUTO",
        "SpecimenLabelInImage": "YES" if kind[2] == "LABEL" else "NO", "BurnedInAnnotation": "NO",
        "VolumetricProperties": "VOLUME", "ContainerIdentifier": "1", "IssuerOfTheContainerIdentifierSequence": [],
        "ContainerTypeCodeSequence": [_code("433466003", "Microscope slide")], "AcquisitionContextSequence": [],
        "SpecimenDescriptionSequence": [], "OpticalPathSequence": [path_of_light],
        "SharedFunctionalGroupsSequence": [functional], "PixelData": encapsulate(frames),
    }  # fmt: skip
    for name, value in values.items():
        setattr(dataset, name, value)
    dataset["PixelData"].is_undefined_length = True
    dataset.save_as(path, enforce_file_format=True)


def _code(value: str, meaning: str) -> Any:
    from pydicom.dataset import Dataset

    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "DCM", meaning
    return code
