"""The seventh set: written before the misses of the sixth were read."""

HEADERS = (
    "Pathology Department of {institution}",
    "Name of patient: {listed}     Med. Rec. #: {mrn}     D.O.B. {date}     Age (years): {age}",
    "Accession no. {accession}     Date taken: {date}     Date in lab: {date}",
    "Surgeon: {full}, MD     Tel: {phone}     Fax: {fax}",
    "Street address: {street}, {city}, MI {zip}",
    "Soc Sec #: {ssn}     Account number {account}     Member no. {plan}",
    "Citizenship: {field}",
    "Family physician: {full}",
    "CLIA no: {clia}     Laboratory medical director: {full}, M.D.",
    "Case #: {accession}     Surgery date: {date}",
)
BODIES = (
    "Dr. {last} was paged at the time of frozen section, {date}.",
    "Patient is a {oldage} yo female admitted to {institution}.",
    "Comparison is made with the earlier specimen ({accession}, {date}).",
    "The diagnosis was discussed with {full}, MD.",
    "The jar is labeled {listed}, with record number {mrn}.",
    "Consultation material was received from {institution}.",
    "He was treated in {city} two years ago.",
    "Results may be obtained at {phone}, by fax {fax}, or from {email}.",
    "See {url}.",
    "Uploaded from {ip}.",
    "A pacemaker (serial no. {device}) accompanies the specimen.",
    "The patient's brother, {full}, was informed by telephone.",
    "Doctors {last} and {last} examined the slides.",
    "Vehicle identification no. {vin} is noted in the chart.",
    "NPI of the surgeon: {npi}.",
    "{full}, M.D., reviewed the immunostains.",
)
SIGNATURES = (
    "Report electronically signed out by {full}, MD {date}",
    "Dictated/typed by: {initials}",
    "Responsible pathologist: {listed}",
    "cc: {full}, MD, Dr. {last}",
    "Signed by {full}, MD",
    "Resident: {full}, M.D.",
    "State license no. {licence}",
    "Reviewed by {full}, MD on {date}",
    "Testing performed at {institution}, {street}, {city}, WI {zip}",
    "{full}, D.O., {date}",
    "Histotechnologist: {full}, HTL (ASCP)",
    "Recuts of {tail} were ordered.",
)
SURNAMES = """
Abara Acheampong Ahlstrom Albers Alvares Ambrose Ansah Arroyo Aubert Ayala Bachmann Bakshi Barbosa Bartkowski
Becker Belmonte Bertolini Bhatt Blackwell Bonilla Bosko Bradley Brandt Bruckner Bryant Burns Byrne Caldwell
Calloway Carlson Castillo Chang Chavez Chopra Christensen Cho Cohen Contreras Crawford Curtis Dalton Dawson
Delgado Dietrich Dixon Dominguez Dunn Ekwueme Elliott Engstrom Esposito Farkas Farrell Ferguson Figueroa
Finnegan Fontaine Freeman Fuentes Gagnon Garrett Gibson Gill Gomez Graham Greenberg Greco Hahn Hale Harrington
Hart Haugen Hernandes Hicks Hoffman Holloway Horvath Hunt Hussain Ito Jain Jensen Joshi Juarez Kaminski Kato
Keller Kessler Kirk Knudsen Koch Krause Lambert Lane Laurent Lawson Levine Liu Lund Lynch Mahmoud Malik Marsh
Mason McGrath McKenna Meier Mills Molina Monroe Moretti Nair Navarro Newman Nguema Nishimura Nolan O'Connell
Oliveira Orozco Osei Pacheco Payne Pearson Perry Pope Porter Pruitt Quinn Rao Reeves Rhodes Rossi Salazar Sato
Schultz Schwartz Serrano Shapiro Shaw Sims Soto Spencer Steele Stein Stevens Sundberg Tan Torres Toth Underwood
Valdez Vega Volkov Wagner Wallin Walsh Weaver Webster Wells Yoder Young-Sims Yusuf Zeller
"""
GIVEN = """
Aaron Adam Agnes Alan Alfred Amir Amy Ann Annika Antonio Arlene Beatrice Bella Bernard Beth Bill Bonnie Boris
Bradley Camille Candace Cecilia Chen Christine Clara Colin Constance Craig Dale Dana Darlene Denise Dmitri Doris
Earl Edith Eduardo Elaine Ella Emma Erin Ethan Fatima Felix Florence Gail Geraldine Glenn Gustavo Harriet Harry
Hassan Hugo Ian Isabel Ivan Jacob Jane Jerome Jill Jorge Josephine Keith Kiran Kristina Kurt Lakshmi Lars Lena
Leo Leticia Lillian Lucia Lucy Marcus Maria-Elena Marion Martin Maureen Maya Milan Min-jun Monica Naomi Nathan
Neil Nina Noah Norma Omar Oscar Pablo Penelope Phyllis Rafael Rajesh Regina Rita Roberta Rosemary Ruben Russell
Sally Sean Simon Soo-yeon Sophia Stanley Stella Stuart Sylvia Tania Ted Tomas Tracy Ursula Vera Veronica Vincent
Vivian Warren Yasmin Yvonne Zachary Zoe
"""
TOWNS = """
Altamont Ashgrove Beaconsfield Belleview Brockton Cambourne Castleford Claremont Copperfield Cranbrook Dunwich
Eastbrook Everton Fallbrook Fordham Gatewood Graniteville Hammersley Highgate Ivybridge Kirkwall Laurelton
Lowell Mansfield Melrose Northwood Paddington Quincy Ravenswood Rutherford Seabrook Stratford Thornhill
Vermilion Westbury Whitestone
"""
INSTITUTIONS = (
    "{} Medical Group",
    "{} Memorial Medical Center",
    "{} Academic Medical Center",
    "Good Samaritan Hospital of {}",
    "{} University Hospitals",
    "{} Pathology Services",
    "{} Surgical Hospital",
    "University of {} Medical Center",
    "{} Comprehensive Cancer Center",
    "{} Family Clinic",
    "Our Lady of {} Hospital",
    "{} Methodist Hospital",
    "{} Outpatient Center",
    "{} Reference Laboratory",
    "{} Health",
    "{} Oncology Associates",
    "{} State University",
    "{} Eye Institute",
    "{} Veterans Hospital",
    "Klinik {}",
    "{} Infirmary",
    "{} College of Medicine",
)
STREETS = (
    "{} Street",
    "{} Avenue",
    "South {} Road",
    "{} Boulevard, Suite 300",
    "W. {} Drive",
    "{} Lane",
    "{} Plaza",
    "Mount {} Road",
    "{} Parkway",
    "NE {} Ave",
    "Upper {} Street",
    "{} Crescent",
)
ACCESSIONS = (
    "S##-######",
    "SP##-####",
    "S-##-#####",
    "HP##-#####",
    "##-S-####",
    "SN##-####",
    "@##-#####",
    "S##:####",
)
PHONES = (
    "(5##) 555-####",
    "5##-555-####",
    "(5##)-555-####",
    "5##.555.####",
    "+1 (5##) 555-####",
    "5## 555-####",
)
