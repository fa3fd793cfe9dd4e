"""The fourth set: measured once with rules that had not seen it, then tuned on."""

from planted import tuning

HEADERS = (
    "{institution} | Division of Anatomic Pathology",
    "Patient: {listed}     Chart No. {mrn}     Birth date {date}     Age {age} years",
    "Path Number: {accession}     Taken on {date}     Received on {date}",
    "Surgeon: Dr. {full}     Office phone: {phone}     Office fax: {fax}",
    "Home address: {street}, {city}, WA {zip}",
    "SSN#: {ssn}     Encounter number: {account}     Subscriber ID: {plan}",
    "Occupation: {field}",
    "Attending: {full}, MD",
    "Laboratory director: {full}, MD     CLIA no. {clia}",
    "Report number: {accession}     Signed out: {date}",
)
BODIES = (
    "Dr. {last} called for the result on {date}.",
    "This {oldage} year old female patient of {institution} had a mass.",
    "A previous biopsy from {date} ({accession}) showed similar features.",
    "The findings were reviewed with {full}, M.D., during conference.",
    "The container is labeled with the patient's name, {listed}, and medical record number {mrn}.",
    "Blocks were referred to {institution} for FISH.",
    "The patient was born in {city}.",
    "For questions call {phone}; fax {fax}; {email}.",
    "Online at {url}.",
    "IP address {ip}.",
    "Prosthesis with serial number {device} is submitted for gross only.",
    "Mother ({full}) had ovarian cancer.",
    "Drs. {last} and {last} were informed.",
    "Motor vehicle accident, VIN number {vin}.",
    "His physician, Dr. {full}, NPI {npi}, requested it.",
    "{full}, MD, has reviewed this case and concurs.",
)
SIGNATURES = (
    "Electronically verified by {full}, MD {date}",
    "Dictated by {initials}",
    "Signed by: {listed}, MD",
    "cc: {full}; {full}",
    "Pathologist of record: {full}, MD",
    "Resident physician: {full}",
    "License number: {licence}",
    "Transcribed {date} by {full}",
    "Technical component performed at {institution}, {street}, {city}, PA {zip}",
    "{full}, M.D., Ph.D. {date}",
    "Prosector: {full}",
    "Tissue of {tail} was re-embedded.",
)
SURNAMES = """
Agarwal Amundsen Asante Balakrishnan Bhattacharya Brzezinski Chakraborty Dahlberg Dhillon Dobrowolski Eriksen
Fitzgerald Garabedian Goldfarb Gunnarsson Hashemi Ibragimov Jimenez Karimi Kiplagat Kruger Laskaris Mahlangu
McAllister Mohammadi Nakashima Novotny Obradovic Ortega Parthasarathy Pfeiffer Quintero Reinholt Saavedra
Sepulveda Srinivasan Szymanski Thistlewood Tsukamoto Venkataraman Weatherby Yildirim Zimmermann Garcia Anderson
Jackson White Walker Green
"""
GIVEN = """
Adrian Amara Aoife Beatriz Branwen Chidinma Daichi Deepika Ebru Elizabeth Fatimah Francisco Giovanna Halima
Hideo Isabella Jennifer Katarina Kwabena Ljubica Marguerite Mikolaj Natsuki Oddvar Paolo Pranav Reinhardt
Sagarika Siobhan Svetlana Theodora Vasiliki Wilhelmina Yolanda Zuleika
"""
TOWNS = """
Bexworth Chelmsdale Fernhurst Haverfield Larkspur Norwick Penrith Sandhurst Tewksbury Wakefield Zanesville
"""
INSTITUTIONS = (
    "University of {} Hospital",
    "{} Cancer Center",
    "{} Diagnostic Laboratories",
    "Klinikum {}",
)
STREETS = (
    "{} Drive",
    "West {} Ave",
)
ACCESSIONS = (
    "S-##-####",
    "@@##-#####",
)
PHONES = tuning.PHONES
