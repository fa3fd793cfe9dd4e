"""The first set, which the rules were tuned on from the start."""

HEADERS = (
    "{institution}",
    "Patient Name: {listed}   MRN: {mrn}   DOB: {date}   Age: {age}",
    "Accession #: {accession}   Collected: {date}   Received: {date}",
    "Attending Physician: {full}, MD   Phone: {phone}   Fax: {fax}",
    "Address: {street}, {city}, OH {zip}",
    "SSN: {ssn}   Account #: {account}   Member ID: {plan}",
    "Religion: {field}",
    "Referring Physician: Dr. {full}",
    "CLIA #: {clia}   Lab Director: {full}, M.D.",
    "Case: {accession}   Taken: {date}",
)
BODIES = (
    "The case was discussed with Dr. {last} on {date}.",
    "Ms. {last} is a {oldage}-year-old woman seen at {institution}.",
    "The previous biopsy ({accession}) was reviewed by {full}, MD.",
    "The frozen section was called to Dr. {full} at 10:35 on {date}.",
    "The specimen is received labeled with the patient's name ({listed}) and MRN {mrn}.",
    "The slides were sent to {institution} for consultation.",
    "The patient lives in {city}.",
    "Please call {phone} or write to {email} with questions.",
    "The report is at {url}.",
    "Scanned from workstation {ip}.",
    "A pacemaker, serial number {device}, is received separately.",
    "The patient's husband, {full}, was informed.",
    "Drs. {last} and {last} concur.",
    "Injured in a car, VIN {vin}.",
    "NPI {npi}.",
    "Intradepartmental consultation: {full}, M.D., agrees with the diagnosis.",
)
SIGNATURES = (
    "Electronically signed by {full}, M.D. {date}",
    "Dictated by: {initials}",
    "Pathologist: {full}",
    "cc: {full}, MD; {listed}",
    "/s/ {full}",
    "Resident: {full}, MD",
    "License No. {licence}",
    "Transcribed by {full} on {date}",
    "Report printed {date} at {institution}",
    "{full}, MD, PhD (Electronic Signature)",
    "Screened by {full}, CT(ASCP)",
    "{tail} A1-A3 retained.",
)
SURNAMES = """
Abernathy Ahlgren Andrzejewski Avila Barzani Bielawski Cabrera Chukwu Delacroix Diallo Duarte Escobedo Fonseca
Georgiou Gonzalez Haddad Hernandez Ilunga Johansson Kaufmann Kobayashi Kuznetsov Lindqvist Makarova McGillicuddy
Montenegro Ndiaye Nwosu Odhiambo Osterberg Pedersen Pietrangeli Radhakrishnan Rodriguez Sandoval Shimizu
Stavropoulos Takahashi Tkachenko Uchida Villanueva Wijesinghe Zambrano Smith Miller Taylor Lee Harris Young
"""
GIVEN = """
Aarav Aisha Amelia Apinya Bertrand Caoimhe Christopher Damilola Dimitra Efua Emeka Feodora Frederik Gonzalo
Hamza Ifeoma Itziar Joaquim Keiko Laszlo Lubomir Maria Miroslav Nikhila Oluwaseun Parvati Radmila Robert Saoirse
Somchai Takumi Thulani Venkatesh William Yusuke
"""
TOWNS = """
Abbotsleigh Bridgemont Dunmoor Galvington Jasperton Llanfair Oakhurst Quenington Shelbyville Thornbury Westerly
"""
INSTITUTIONS = (
    "{} General Hospital",
    "St. {} Hospital",
    "{} Pathology Associates",
    "Sacred Heart Hospital of {}",
    "Hospital de {}",
)
STREETS = (
    "{} Street",
    "{} Boulevard",
    "{} Ct",
)
ACCESSIONS = (
    "S##-#####",
    "HS##-####",
)
PHONES = (
    "(5##) 555-####",
    "5##-555-####",
    "5##.555.####",
    "1-5##-555-####",
    "+44 20 #### ####",
    "5## 555 ####",
)
