"""The third set: measured once with rules that had not seen it, then tuned on."""

from planted import tuning

HEADERS = (
    "{institution}, Laboratory Services",
    "Name: {listed}     Hospital No.: {mrn}     D.O.B.: {date}     Age/Sex: {age}/F",
    "Lab No: {accession}     Date Collected: {date}     Date of Report: {date}",
    "Consultant: {full}     Telephone: {phone}     Fax No: {fax}",
    "Patient Address: {street}, {city}, CA {zip}",
    "Social Security #: {ssn}     Visit #: {account}     Insurance ID: {plan}",
    "Marital status: {field}",
    "Submitting Physician: {listed}, M.D.",
    "CLIA Number: {clia}     Pathologist: {full}, D.O.",
    "Pathology #: {accession}     Date of surgery: {date}",
)
BODIES = (
    "The results were discussed with {full} on {date}.",
    "Mrs. {last}, aged {oldage}, was referred from {institution}.",
    "The current specimen is similar to the patient's prior resection, {accession}, of {date}.",
    "Dr. {full} was present at the time of grossing and called back {date}.",
    'The specimen is labeled "{listed}, left", with the number {mrn}.',
    "Material was forwarded to {institution} for molecular testing.",
    "He resides in {city} with family.",
    "Contact: {phone} or fax {fax} or e-mail {email}.",
    "Images are stored at {url}.",
    "Sent from {ip}.",
    "An orthopedic device with serial no. {device} is identified.",
    "According to his brother {full}, there is no family history.",
    "The slides were reviewed with Dr. {last} and Dr. {last}.",
    "The car (VIN: {vin}) was involved.",
    "Ordering NPI {npi}.",
    "Also reviewed by {full}, M.D., Ph.D., who agrees.",
)
SIGNATURES = (
    "Report electronically signed by: {full}, MD, on {date}",
    "Typed by: {initials}",
    "Reporting pathologist: {full}",
    "CC: Dr. {full}; Dr. {last}",
    "Signed: {full}",
    "Fellow: {full}, MD",
    "Medical license: {licence}",
    "Authorized by {listed} on {date}",
    "Tests performed by {institution}, {street}, {city}, MA {zip}",
    "{full}, MD (Attending), {date}",
    "Gross dictation by {full}, MD",
    "See {tail} for the earlier slides.",
)
SURNAMES = """
Adeyemi Alvarado Arslan Bagchi Bernhardsson Bouchard Castellanos Dabrowski Desrosiers Dlamini Echeverria Farouk
Gallagher Gianopoulos Guerrero Halloran Hoffmeister Jankowski Kapoor Khatri Krishnamurthy Lagerkvist MacAllister
Matsumoto Mikkelsen Mwangi Nikolaidis O'Donoghue Olafsdottir Papadakis Petrosyan Przybylski Rasmussen Rossetti
Schwarzkopf Sokolov Svensson Tchaikovsky Traore Vasquez Wasserman Yamaguchi Zielinski Williams Martinez Moore
Thompson Robinson King
"""
GIVEN = """
Adaora Alexander Andrzej Ayodele Bogdana Catherine Conchita David Eamon Eleni Esperanza Fiona Gintaras Gudrun
Henrik Ingeborg Jamila Kamilah Khadijah Lindiwe Malgorzata Michael Nanami Nthabiseng Padraig Philomena Rebecca
Ruaridh Shabnam Sunniva Temitope Ulrika Wambui Yevgeny Zeynep
"""
TOWNS = """
Barrowmere Carnforth Ellsworth Hartsville Kingsbury Millbrae Pemberton Rockport Stonebridge Vandalia Yarmouth
"""
INSTITUTIONS = (
    "{} Memorial Hospital",
    "{} University Medical Center",
    "{} Community Hospital",
    "{} Surgical Pathology Laboratory",
)
STREETS = (
    "{} Road",
    "{} Lane",
)
ACCESSIONS = (
    "##-S-#####",
    "SU-##-######",
)
PHONES = tuning.PHONES
