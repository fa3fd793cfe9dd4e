"""Lines, names and towns of the fifth and the sixth set, in pairs that chance divided.

Every pair was written at once, before any rule was changed for it; of each pair, and of each list of words, a hash says
which half is of the fifth set and which of the sixth.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

HEADER_PAIRS = (
    ("Department of Pathology, {institution}", "{institution} Pathology Report"),
    (
        "Patient: {full}     Record number: {mrn}     DOB {date}     Age: {age} yrs",
        "Pt. name: {listed}     MR#: {mrn}     Date of birth: {date}     Sex/Age: F/{age}",
    ),
    (
        "Case number: {accession}     Service date: {date}     Report date: {date}",
        "Lab accession: {accession}     Collection date: {date}     Accessioned: {date}",
    ),
    (
        "Primary care provider: {full}     Ph: {phone}     F: fax {fax}",
        "Clinician: {listed}     Phone no. {phone}     Facsimile: {fax}",
    ),
    ("Residence: {street}, {city}, IL {zip}", "Patient's address: {street}, {city}, NJ {zip}"),
    (
        "Social Security No: {ssn}     Billing number: {account}     Plan ID: {plan}",
        "SS#: {ssn}     Acct No: {account}     Insurance policy: {plan}",
    ),
    ("Preferred language/faith: {field}", "Employment: {field}"),
    ("Requesting doctor: {full}, MD", "Ordering MD: {listed}"),
    ("CLIA certificate {clia}     Medical director of laboratory: {full}, MD", "CLIA: {clia}     Director: Dr. {full}"),
    (
        "Specimen ID: {accession}     Operation date: {date}",
        "Surgical number: {accession}     Procedure performed: {date}",
    ),
)
BODY_PAIRS = (
    ("Dr. {last} requested a rush on {date}.", "Verbal report given to Dr. {last}, {date}."),
    (
        "The patient is a {oldage}-year-old man followed at {institution}.",
        "{oldage} year old woman, transferred from {institution}.",
    ),
    ("Reference is made to the prior resection ({accession}), dated {date}.", "See also report {accession} of {date}."),
    ("Slides were shown to {full}, M.D., who agrees.", "Dr. {full} has seen representative slides."),
    (
        'Specimen A is received in formalin labeled "{listed}" and MRN {mrn}.',
        "Received fresh, labelled with name ({full}) and hospital number {mrn}.",
    ),
    ("Immunostains were performed at {institution}.", "The original slides are from {institution}."),
    ("The patient, a resident of {city}, has no prior surgery.", "She was seen in {city} for the same complaint."),
    ("Contact the laboratory at {phone}, fax {fax}, or {email}.", "Telephone {phone}; telefax {fax}; mail: {email}."),
    ("The protocol can be found at {url}.", "Images: {url}."),
    ("Workstation address {ip}.", "Printed from host {ip}."),
    ("A port with serial number {device} is retrieved.", "Hip implant (lot number {device}) is received."),
    ("The patient's wife, {full}, was called.", "Her sister {full} carries the same mutation."),
    ("Drs. {last}, {last} and {last} reviewed the case.", "Seen with Drs. {last} and {last} at tumor board."),
    ("Trauma: vehicle VIN {vin}.", "The vehicle (VIN no. {vin}) rolled over."),
    ("Referred by {full}, MD (NPI {npi}).", "Physician NPI number: {npi}."),
    ("{full}, MD, PhD was consulted and concurs.", "Consultation with {full}, M.D., is acknowledged."),
)
SIGNATURE_PAIRS = (
    ("Electronically signed: {full}, MD, {date}", "Signed electronically by {full}, M.D. on {date}"),
    ("Transcribed by: {initials}", "Typist: {initials}"),
    ("Staff pathologist: {listed}", "Attending pathologist: {full}, M.D."),
    ("Copy to: {full}, MD; {full}", "cc: Dr. {last}, Dr. {full}"),
    ("Signature: {full}, MD", "{full}, MD, Pathologist"),
    ("Resident: {full}, DO", "Fellow: {full}"),
    ("License {licence}", "Medical license no. {licence}"),
    ("Approved by {full} on {date}", "Final report released by {listed}, {date}"),
    (
        "Interpreted at {institution}, {street}, {city}, OH {zip}",
        "Professional component: {institution}, {street}, {city}, GA {zip}",
    ),
    ("Reported {date} by {full}, MD", "Verified: {full}, M.D., Ph.D. {date}"),
    ("Grossed by {full}", "Cytotechnologist: {full}, CT (ASCP)"),
    ("Slides of {tail} were reviewed.", "Additional levels of {tail} were cut."),
)  # fmt: skip


def _words(text: str) -> list[str]:
    return text.split()


SURNAMES = _words(
    "Aaltonen Abdulrahman Adhikari Aguirre Albrecht Alfonsi Alvarez Amoah Appiah Armitage Ashworth Atkinson Aydin "
    "Babajide Bailey Baker Banerjee Barnes Baumgartner Bellweather Bennett Berggren Bianchi Blanchard Boateng "
    "Bogdanov Borowski Brennan Brooks Brown Burke Butler Campbell Carlsson Carter Cavanaugh Chandrasekhar Chaudhry "
    "Cheng Chen Coleman Collins Constantinou Cook Cooper Costa Cox Cruz Cunningham Czarnecki DeAngelo Desai Diaz "
    "Doherty Donnelly Drummond Dubois Eberhardt Edwards Egwu Ellingsen Espinoza Evans Fernandez Ferrari Fischer "
    "Fleming Flores Foster Fox Friedman Fukuda Galvez Gordon Goldberg Gray Griffin Gupta Gustafsson Guzman Halvorsen "
    "Hamilton Hansen Harper Hayashi Hayes Henderson Herrera Hill Hoang Holm Hosseini Howard Hughes Huynh Igwe Iyer "
    "Jacobsen Jenkins Jovanovic Kaczmarek Kang Katz Kelly Khan Kim Kirchner Kovacs Kozlowski Kumar Kurtz Larsen "
    "Leclerc Leibowitz Lim Lindgren Long Lopez Ludwig Lundberg Maldonado Marconi Martin Mazur McCarthy McDermott "
    "McLaughlin Medina Mehta Meyer Mitchell Morales Morgan Morris Murphy Myers Nadeau Narayanan Nelson Nielsen "
    "Nowicki O'Brien O'Sullivan Oduya Okeke Olsen Ostrowski Owens Palmer Park Parker Patel Pellegrini Peters Petrov "
    "Phillips Pham Powell Price Qureshi Ramirez Reddy Reed Reyes Ricci Richardson Rivera Roberts Rogers Romero Ross "
    "Russell Ruiz Sanchez Sanders Santos Schneider Scott Shah Sharma Silva Simmons Singh Sorensen Stewart Stone "
    "Strand Sullivan Suzuki Tanaka Tran Turner Vargas Verma Vogel Wallace Wang Ward Watanabe Watson Webb Weiss West "
    "Whitaker Wilson Wong Wood Wright Wu Xu Yamamoto Yang Zhang Zhou Zhu Ziegler"
)
GIVEN = _words(
    "Abigail Ahmed Albert Alice Alistair Allison Amanda Andrea Andrew Angela Anita Anna Anthony Arjun Arthur Ashley "
    "Barbara Benjamin Bernice Betty Brandon Brenda Brian Bruce Bronislaw Carmen Carol Charles Cheryl Cynthia Deborah "
    "Dennis Diane Donald Donna Douglas Edward Eileen Elif Emily Enrique Eric Ernesto Eugene Evelyn Farida Frances "
    "Frank Gary George Gerald Gloria Gregory Hannah Harold Heather Helen Henry Hiroshi Howard Hye-jin Ines Irina Jack "
    "James Janet Jason Javier Jean Jeffrey Jessica Joan John Jonathan Jose Joseph Joyce Juan Judith Julia Justin "
    "Karen Kathleen Kelly Kevin Kimberly Larry Laura Lawrence Leonard Linda Lisa Louise Luis Magdalena Manuel "
    "Margaret Mark Martha Mary Matthew Megan Melissa Mei-ling Miguel Nancy Nicholas Nicole Nikolai Olivia Pamela Paul "
    "Peter Philip Priya Rachel Ralph Raymond Richard Roger Ronald Rosa Roy Ruth Ryan Samantha Samuel Sandra Sanjay "
    "Sarah Scott Sharon Shirley Stephen Steven Susan Teresa Theresa Thomas Timothy Tyler Valentina Victor Vijay "
    "Virginia Walter Wanda Wayne Wei Xavier Yan Yuki Zahra"
)
TOWNS = _words(
    "Allerton Amberley Ashbourne Aylesford Bannockburn Bellhaven Birchwood Blackwater Brantford Briarwood Brookhaven "
    "Cedarville Clayborne Coldspring Crestview Danbury Deerfield Dovercourt Easthampton Edgewater Elmhurst Fairmont "
    "Farnham Foxborough Glendale Greenfield Hadleigh Harrowgate Hawthorne Hillcrest Holyoke Inverness Kelvinside "
    "Kenilworth Lakewood Langford Linwood Maplewood Marlborough Middleton Montclair Newbury Northgate Oakdale "
    "Palmerston Plainview Ridgefield Rosemont Salisbury Sheffield Springdale Stanmore Sutherland Tamworth Uxbridge "
    "Waterbury Wellesley Whitby Wickford Woodstock"
)
INSTITUTIONS = (
    "{} Medical Center", "{} Hospital", "{} County Hospital", "Saint {} Medical Center",
    "{} Veterans Affairs Medical Center",
    "University of {}", "{} University School of Medicine", "{} Cancer Institute", "{} Pathology Laboratory",
    "{} Health Center", "{} Surgery Center", "Mount {} Hospital", "{} Women's Hospital", "{} Clinical Laboratories",
    "The {} Clinic", "{} Presbyterian Hospital", "Royal {} Infirmary", "{} District Hospital", "Hospital of {}",
    "{} Teaching Hospital", "{} Baptist Medical Center", "Universitätsklinikum {}", "Hôpital {}",
    "{} Dermatopathology Group",
)  # fmt: skip
STREETS = (
    "{} St", "{} Ave.", "{} Rd", "{} Blvd.", "E. {} Street", "North {} Avenue", "{} Court", "{} Place, Apt 4B",
    "{} Terrace", "{} Way", "{} Circle", "Old {} Highway", "{} Square", "{} Trail", "S {} Lane", "{} Dr.",
)  # fmt: skip
ACCESSIONS = (
    "S##-####", "SP##-#####", "SS-##-#####", "##-SP-####", "H##-#####", "##:S#####", "SUR##-####", "S20##-#####",
    "@S-##-######", "##-######", "C##-####", "PS-##-####",
)  # fmt: skip
PHONES = (
    "(5##)555-####", "5##-555-#### ext. ##", "+1 5## 555 ####", "5##/555-####", "555-####", "1 (5##) 555-####",
    "+49 30 ######", "5##.555.#### x###", "+1-5##-555-####", "(5##) 555 ####",
)  # fmt: skip


def chosen(values: Sequence[str], name: str) -> list[str]:
    """The half of some values that is of a set, in their order."""
    order = sorted(values, key=_hash)
    half = set(order[::2] if name == "sixth" else order[1::2])
    return [value for value in values if value in half]


def lines(pairs: Sequence[tuple[str, str]], name: str) -> tuple[str, ...]:
    """One of each pair of lines."""
    return tuple(min(pair, key=_hash) if name == "sixth" else max(pair, key=_hash) for pair in pairs)


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
