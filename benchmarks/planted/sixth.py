"""The sixth set: the half of the pool that was held out while the rules were tuned on the fifth.

Every line was written twice in other words, before a rule was changed; the text with the lower SHA-256 is here.
"""

HEADERS = (
    "Department of Pathology, {institution}",
    "Pt. name: {listed}     MR#: {mrn}     Date of birth: {date}     Sex/Age: F/{age}",
    "Lab accession: {accession}     Collection date: {date}     Accessioned: {date}",
    "Primary care provider: {full}     Ph: {phone}     F: fax {fax}",
    "Patient's address: {street}, {city}, NJ {zip}",
    "Social Security No: {ssn}     Billing number: {account}     Plan ID: {plan}",
    "Preferred language/faith: {field}",
    "Ordering MD: {listed}",
    "CLIA: {clia}     Director: Dr. {full}",
    "Specimen ID: {accession}     Operation date: {date}",
)
BODIES = (
    "Verbal report given to Dr. {last}, {date}.",
    "{oldage} year old woman, transferred from {institution}.",
    "See also report {accession} of {date}.",
    "Slides were shown to {full}, M.D., who agrees.",
    'Specimen A is received in formalin labeled "{listed}" and MRN {mrn}.',
    "Immunostains were performed at {institution}.",
    "The patient, a resident of {city}, has no prior surgery.",
    "Telephone {phone}; telefax {fax}; mail: {email}.",
    "Images: {url}.",
    "Workstation address {ip}.",
    "A port with serial number {device} is retrieved.",
    "Her sister {full} carries the same mutation.",
    "Seen with Drs. {last} and {last} at tumor board.",
    "Trauma: vehicle VIN {vin}.",
    "Referred by {full}, MD (NPI {npi}).",
    "Consultation with {full}, M.D., is acknowledged.",
)
SIGNATURES = (
    "Electronically signed: {full}, MD, {date}",
    "Transcribed by: {initials}",
    "Staff pathologist: {listed}",
    "Copy to: {full}, MD; {full}",
    "Signature: {full}, MD",
    "Resident: {full}, DO",
    "License {licence}",
    "Final report released by {listed}, {date}",
    "Professional component: {institution}, {street}, {city}, GA {zip}",
    "Verified: {full}, M.D., Ph.D. {date}",
    "Cytotechnologist: {full}, CT (ASCP)",
    "Additional levels of {tail} were cut.",
)
SURNAMES = """
Abdulrahman Albrecht Amoah Atkinson Aydin Baker Barnes Bennett Blanchard Boateng Brennan Brooks Brown Campbell
Carlsson Carter Cavanaugh Chandrasekhar Chen Collins Cook Cooper Cox Cunningham DeAngelo Doherty Drummond Egwu
Ellingsen Evans Fleming Fukuda Gordon Goldberg Gupta Guzman Halvorsen Hamilton Hansen Harper Hayashi Hayes
Henderson Herrera Hill Holm Hosseini Howard Huynh Iyer Jacobsen Jovanovic Kaczmarek Kang Kelly Kim Larsen
Leclerc Leibowitz Lim Lindgren Lundberg Maldonado Marconi Mazur McCarthy McLaughlin Mehta Mitchell Morgan Olsen
Ostrowski Owens Palmer Parker Phillips Pham Powell Ramirez Reddy Reed Reyes Rivera Roberts Romero Ross Russell
Ruiz Sanders Santos Schneider Sharma Strand Tanaka Tran Turner Wang Watson Webb Weiss West Whitaker Wilson
Wright Wu Yang Zhang Ziegler
"""
GIVEN = """
Abigail Ahmed Alice Andrew Anita Anna Arthur Ashley Betty Brenda Brian Bronislaw Carol Charles Cheryl Cynthia
Deborah Dennis Diane Donald Donna Douglas Edward Emily Eugene Frances Gary George Gloria Gregory Harold Heather
Helen Henry James Jason Javier Jeffrey Jessica Joseph Juan Julia Justin Laura Lisa Louise Luis Magdalena
Margaret Mark Mary Megan Melissa Mei-ling Nicholas Olivia Pamela Rachel Raymond Richard Roger Rosa Ryan Samantha
Samuel Sandra Sarah Shirley Stephen Teresa Theresa Tyler Victor Virginia Walter Yan Yuki
"""
TOWNS = """
Allerton Ashbourne Aylesford Bellhaven Brantford Cedarville Clayborne Coldspring Crestview Danbury Dovercourt
Easthampton Elmhurst Farnham Hadleigh Inverness Kelvinside Marlborough Middleton Newbury Northgate Oakdale
Palmerston Plainview Springdale Sutherland Tamworth Waterbury Wellesley Woodstock
"""
INSTITUTIONS = (
    "{} Medical Center",
    "{} County Hospital",
    "Saint {} Medical Center",
    "{} Cancer Institute",
    "{} Surgery Center",
    "Mount {} Hospital",
    "{} Women's Hospital",
    "The {} Clinic",
    "{} Presbyterian Hospital",
    "{} District Hospital",
    "Hospital of {}",
    "{} Baptist Medical Center",
)
STREETS = (
    "{} St",
    "E. {} Street",
    "North {} Avenue",
    "{} Court",
    "{} Place, Apt 4B",
    "{} Terrace",
    "{} Way",
    "{} Trail",
)
ACCESSIONS = (
    "S##-####",
    "SP##-#####",
    "SS-##-#####",
    "H##-#####",
    "##:S#####",
    "PS-##-####",
)
PHONES = (
    "(5##)555-####",
    "5##-555-#### ext. ##",
    "5##/555-####",
    "5##.555.#### x###",
    "+1-5##-555-####",
)
