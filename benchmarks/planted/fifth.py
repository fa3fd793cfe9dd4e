"""The fifth set: one half of a pool, whose other half is the sixth; tuned on.

Every line was written twice in other words, before a rule was changed; the text with the higher SHA-256 is here.
"""

HEADERS = (
    "{institution} Pathology Report",
    "Patient: {full}     Record number: {mrn}     DOB {date}     Age: {age} yrs",
    "Case number: {accession}     Service date: {date}     Report date: {date}",
    "Clinician: {listed}     Phone no. {phone}     Facsimile: {fax}",
    "Residence: {street}, {city}, IL {zip}",
    "SS#: {ssn}     Acct No: {account}     Insurance policy: {plan}",
    "Employment: {field}",
    "Requesting doctor: {full}, MD",
    "CLIA certificate {clia}     Medical director of laboratory: {full}, MD",
    "Surgical number: {accession}     Procedure performed: {date}",
)
BODIES = (
    "Dr. {last} requested a rush on {date}.",
    "The patient is a {oldage}-year-old man followed at {institution}.",
    "Reference is made to the prior resection ({accession}), dated {date}.",
    "Dr. {full} has seen representative slides.",
    "Received fresh, labelled with name ({full}) and hospital number {mrn}.",
    "The original slides are from {institution}.",
    "She was seen in {city} for the same complaint.",
    "Contact the laboratory at {phone}, fax {fax}, or {email}.",
    "The protocol can be found at {url}.",
    "Printed from host {ip}.",
    "Hip implant (lot number {device}) is received.",
    "The patient's wife, {full}, was called.",
    "Drs. {last}, {last} and {last} reviewed the case.",
    "The vehicle (VIN no. {vin}) rolled over.",
    "Physician NPI number: {npi}.",
    "{full}, MD, PhD was consulted and concurs.",
)
SIGNATURES = (
    "Signed electronically by {full}, M.D. on {date}",
    "Typist: {initials}",
    "Attending pathologist: {full}, M.D.",
    "cc: Dr. {last}, Dr. {full}",
    "{full}, MD, Pathologist",
    "Fellow: {full}",
    "Medical license no. {licence}",
    "Approved by {full} on {date}",
    "Interpreted at {institution}, {street}, {city}, OH {zip}",
    "Reported {date} by {full}, MD",
    "Grossed by {full}",
    "Slides of {tail} were reviewed.",
)
SURNAMES = """
Aaltonen Adhikari Aguirre Alfonsi Alvarez Appiah Armitage Ashworth Babajide Bailey Banerjee Baumgartner
Bellweather Berggren Bianchi Bogdanov Borowski Burke Butler Chaudhry Cheng Coleman Constantinou Costa Cruz
Czarnecki Desai Diaz Donnelly Dubois Eberhardt Edwards Espinoza Fernandez Ferrari Fischer Flores Foster Fox
Friedman Galvez Gray Griffin Gustafsson Hoang Hughes Igwe Jenkins Katz Khan Kirchner Kovacs Kozlowski Kumar
Kurtz Long Lopez Ludwig Martin McDermott Medina Meyer Morales Morris Murphy Myers Nadeau Narayanan Nelson
Nielsen Nowicki O'Brien O'Sullivan Oduya Okeke Park Patel Pellegrini Peters Petrov Price Qureshi Ricci
Richardson Rogers Sanchez Scott Shah Silva Simmons Singh Sorensen Stewart Stone Sullivan Suzuki Vargas Verma
Vogel Wallace Ward Watanabe Wong Wood Xu Yamamoto Zhou Zhu
"""
GIVEN = """
Albert Alistair Allison Amanda Andrea Angela Anthony Arjun Barbara Benjamin Bernice Brandon Bruce Carmen Eileen
Elif Enrique Eric Ernesto Evelyn Farida Frank Gerald Hannah Hiroshi Howard Hye-jin Ines Irina Jack Janet Jean
Joan John Jonathan Jose Joyce Judith Karen Kathleen Kelly Kevin Kimberly Larry Lawrence Leonard Linda Manuel
Martha Matthew Miguel Nancy Nicole Nikolai Paul Peter Philip Priya Ralph Ronald Roy Ruth Sanjay Scott Sharon
Steven Susan Thomas Timothy Valentina Vijay Wanda Wayne Wei Xavier Zahra
"""
TOWNS = """
Amberley Bannockburn Birchwood Blackwater Briarwood Brookhaven Deerfield Edgewater Fairmont Foxborough Glendale
Greenfield Harrowgate Hawthorne Hillcrest Holyoke Kenilworth Lakewood Langford Linwood Maplewood Montclair
Ridgefield Rosemont Salisbury Sheffield Stanmore Uxbridge Whitby Wickford
"""
INSTITUTIONS = (
    "{} Hospital",
    "{} Veterans Affairs Medical Center",
    "University of {}",
    "{} University School of Medicine",
    "{} Pathology Laboratory",
    "{} Health Center",
    "{} Clinical Laboratories",
    "Royal {} Infirmary",
    "{} Teaching Hospital",
    "Universitätsklinikum {}",
    "Hôpital {}",
    "{} Dermatopathology Group",
)
STREETS = (
    "{} Ave.",
    "{} Rd",
    "{} Blvd.",
    "{} Circle",
    "Old {} Highway",
    "{} Square",
    "S {} Lane",
    "{} Dr.",
)
ACCESSIONS = (
    "##-SP-####",
    "SUR##-####",
    "S20##-#####",
    "@S-##-######",
    "##-######",
    "C##-####",
)
PHONES = (
    "+1 5## 555 ####",
    "555-####",
    "1 (5##) 555-####",
    "+49 30 ######",
    "(5##) 555 ####",
)
