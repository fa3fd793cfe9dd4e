"""The second set: measured once with rules that had not seen it, then tuned on."""

from planted import tuning

HEADERS = (
    "{institution} - Department of Surgical Pathology",
    "PATIENT: {listed}     MED REC NO: {mrn}     BIRTHDATE: {date}     AGE: {age}",
    "SURG PATH NO: {accession}     DATE OBTAINED: {date}     DATE REPORTED: {date}",
    "ORDERING PROVIDER: {listed}     TEL. {phone}     TELEFAX {fax}",
    "Mailing address: {street}; {city}, TX {zip}",
    "Soc. Sec. No. {ssn}     Acct. {account}     Policy No. {plan}",
    "Employer/Contact: {field}",
    "Requested by: {full}, D.O.",
    "CLIA ID {clia}     Medical Director: {full}, MD, PhD",
    "Specimen No: {accession}     Procedure date {date}",
)
BODIES = (
    "Findings were communicated to {full} by telephone, {date}, 14:20.",
    "Mr. {last}, a {oldage} y/o man from {city}, was treated at {institution}.",
    "Compared with prior material (case {accession}, {date}), the tumor is larger.",
    "Dr. {last} was notified of the intraoperative diagnosis on {date}.",
    'Container designated "{listed}" with hospital number {mrn}.',
    "Outside slides from {institution} were examined in consultation.",
    "She moved to {city} after surgery.",
    "Questions: {phone}, pager {pager}, or {email}.",
    "See {url} for images.",
    "Upload host {ip}.",
    "Breast implant, lot {device}, is present and intact.",
    "Her daughter {full} has breast cancer.",
    "This case was seen by Doctors {last}, {last} and {last}.",
    "Vehicle identification number {vin} was recorded.",
    "Provider NPI: {npi}.",
    "Second opinion: {full}, MD, FCAP concurs.",
)
SIGNATURES = (
    "*** Electronically Signed Out by {full}, MD *** {date}",
    "Transcriptionist: {initials}",
    "Verified by: {listed}",
    "Copies to: {full}, MD, {full}, DO",
    "Signature: {full}",
    "Assistant: {full}, PA(ASCP)",
    "State license number {licence}",
    "Reviewed and approved by {listed} {date}",
    "Performed at {institution}, {street}, {city}, NY {zip}",
    "{full}, M.D., attending pathologist",
    "Grossed by {full}, PA",
    "Blocks of {tail} returned.",
)
SURNAMES = """
Achterberg Akintola Antonopoulos Baczynski Bautista Bjarnason Caruso Cisneros Demir Dimitrov Dvorak Fairweather
Fujimori Ghorbani Grabowski Hakimi Hidalgo Ivanov Kamara Kazantzis Kowalczyk Lachance Lombardi Marchetti Mendoza
Mukherjee Nguyen O'Callaghan Okonkwo Oyelaran Pereira Popescu Ramaswamy Rosenbaum Sanogo Siddiqui Subramaniam
Talavera Tomasson Ugwu Vlahos Wojcik Zapata Johnson Davis Thomas Perez Clarke Allen
"""
GIVEN = """
Abena Alejandra Anastasia Astrid Birgitta Carlos Claudia Daniela Dorothy Eirini Ephraim Fergus Gabriela Grzegorz
Haruka Ignacia Jacqueline Jorunn Kenneth Leocadia Magnhild Mbali Mohammed Nkechi Ottavia Patricia Raquel
Rosalinda Sebastiano Stephanie Tamsin Tomoko Viktoriya Xiomara Zbigniew
"""
TOWNS = """
Arkenfield Calderbrook Eastleigh Grantleigh Kettleby Marchwood Ottersby Redmond Southwick Upton Winterbourne
"""
INSTITUTIONS = (
    "{} Regional Medical Center",
    "{} Clinic",
    "{} Children's Hospital",
    "{} Institute of Oncology",
    "{} Health System Hospital",
)
STREETS = (
    "{} Avenue",
    "N. {} St.",
    "{} Parkway, Suite 210",
)
ACCESSIONS = (
    "SP-##-#####",
    "##S####",
)
PHONES = tuning.PHONES
