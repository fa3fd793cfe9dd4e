"""The eighth set: of a writer who knew neither the rules nor another set.

Community and university hospitals of the United States. Measured once, then tuned on.
"""

HEADERS = (
    "{institution}    DEPARTMENT OF PATHOLOGY    {street}, {city}, OH {zip}",
    "{institution} * Anatomic Pathology     {street} * {city} {zip}",
    "PATIENT: {listed}          ACCT #: {account}     LOC: 4W SURG     U #: {mrn}",
    "PATIENT NAME: {listed}     PATH #: {accession}",
    "Name: {listed} | MRN: {mrn} | Case: {accession}",
    "Pt Name:	{listed}	Med Rec #:	{mrn}",
    "Patient: {full}      DOB: {date}      Accession: {accession}",
    "{listed}     {mrn}     {accession}     Page 2 of 3",
    "SPEC #: {accession}     RECD: {date}     STATUS: SOUT     TECH: {initials}",
    "RUN DATE: {date}     {institution} LAB **LIVE**     PAGE 1",
    "RUN USER: {initials}     SPECIMEN INQUIRY     {date}",
    "SUBM DR: {listed}     OTHR DR: {listed}",
    "ENTERED: {date}     SP TYPE: SURGICAL     ORDERED: HE/2, LEVEL 4     TYPED BY: {initials}",
    "AGE/SX: {age}/F     LOC: OPD     REG: {date}",
    "Age: {age} | Sex: M | Ordering MD: {full}",
    "Hosp. No. {mrn}     Age {age}     Race/Sex W/F     Svc: GYN",
    "Surgical No. {accession}        Date of Operation {date}        Surgeon Dr. {last}",
    "Date Obtained: {date}   Date Received: {date}   Date Reported: {date}",
    "Collected: {date} | Received: {date} | Accessioned by: {initials}",
    "Physician(s): {full}, M.D.     Copy To: {full}, D.O.",
    "Authorizing Provider: {listed}, MD     NPI: {npi}     Ordering Location: {institution} ENDOSCOPY",
    "Attending: {listed}     Resident: {listed}     Pager {pager}",
    "Laboratory Director: {full}, M.D.     CLIA ID: {clia}",
    "CLIA No. {clia} | State Permit No. {licence} | Medical Director {full}, MD, PhD",
    "Phone {phone}     FAX {fax}     {street}, {city} {zip}",
    "Path Lab: {phone}	After hours beeper: {pager}	Results line: {phone}",
    "Histology Ext. via {phone} | Fax reports to {fax} | Web {url}",
    "Remote print to {ip}     Device: PATHLJ2     Requested by: {initials}",
    "WS: {ip}   USER: {initials}   {date}   REPRINT - NOT PART OF THE PERMANENT RECORD",
    "Client: {institution} - {city} Clinic     Client phone: {phone}",
    "Soc Sec #: {ssn}     Birthdate: {date}     Sex: F",
    "SSN {ssn}	Adm# {account}	FC: MCR",
    "Guarantor: {listed}     Guar. SSN: {ssn}     Employer: {field}",
    "Ins: Medicare Part B     HIC #: {plan}     Visit No: {account}",
    "Primary Payor: BC/BS PPO | Member ID: {plan} | Encounter: {account}",
    "Religion: {field}     Marital Status: {field}     Adm. Date: {date}",
    "Occupation: {field} | Veteran status: {field} | Interpreter: N",
    "Preferred Language: {field}     Ethnicity: {field}     PCP: {full}",
    "Mother's maiden surname: {field}     Citizenship: {field}",
    "Country of Birth: {field}     Next of Kin: {full}     NOK Tel: {phone}",
    "ADDRESS: {street}     CITY: {city}     ZIP: {zip}     HOME PH: {phone}",
    "Home addr {street}, {city} {zip}     County of residence: {field}",
    "OUTSIDE CASE #: {accession}     FROM: {institution}, {city}     REC'D: {date}",
    "CONSULTATION MATERIAL     Referring Pathologist: {full}, M.D.     {institution}",
    "Referring lab: {institution} | Their no.: {accession} | Our no.: {accession}",
    "TISSUE EXAMINATION REPORT     {accession}     (Chart Copy)",
    "SURGICAL PATHOLOGY REPORT -- CORRECTED {date} -- {accession}",
    "CYTOLOGY (GYN)   Slide # {tail}   LMP: {date}   Screener: {full}, CT(ASCP)",
    "BONE MARROW REPORT     Case# {accession}     Heme/Onc: Dr. {last}",
    "AUTOPSY NO. {accession}     Deceased: {listed}     Expired: {date}     Prosector: {full}",
    "ME CASE {accession}     DECEDENT: {listed}     AGE: {age}     PRONOUNCED: {date}",
    "Veh. ID No.: {vin}     Scene: {street}, {city}     Investigator: {full}",
    "VIN: {vin} | Agency case: {accession} | Body released to: {full}",
    "EXPLANT LOG     Device S/N: {device}     Implanting facility: {institution}     Implanted: {date}",
    "Implant serial #: {device}	Mfr notified: {date}	Risk Mgmt contact: {full}",
    "Scanner serial {device} | Slide image at {url} | Case {accession}",
    "Pt. Report     {listed}     Acct: {account}     Printed {date} by {initials}",
    "e-Report to: {email} | Delivered {date} | Client code MAIL/FAX {fax}",
    "Contact: {full}, Client Services, {email}",
    "Dr. {last} - Office Copy     {street}     {city}, PA {zip}",
    "DEA/Lic: {licence}     UPIN/NPI: {npi}     Req. Physician: {listed}",
    "cont'd   {listed}   #{tail}   page 3",
    "CASE {accession} (CONT.)     PATIENT {listed}     PATHOLOGIST {initials}",
    "Tumor Registry Copy     Reg. abstractor: {full}     Dx date: {date}",
    "OPERATING SURGEON: {full}, MD          O.R. DATE: {date}          {institution}",
)
BODIES = (
    (
        "Pt seen by {full} in {city} clinic w/ 3 mo hx of painless hematuria; cysto {date} showed "
        "papillary lesion at L UO."
    ),
    (
        "This {oldage} year old white female nursing home resident was brought in by her daughter, "
        "{full}, with bright red blood per rectum."
    ),
    (
        "{oldage} y/o man, retired, transferred from {institution} on {date} with obstructing mass at "
        "the splenic flexure."
    ),
    "The patient is {oldage} years of age and still lives independently at {street} in {city}.",
    ("Mr. {last} had a previous polypectomy performed elsewhere ({institution}, {date}), report not available to us."),
    "Mrs. {last} is status post lumpectomy and XRT under the care of Dr. {last}; now has new calcs at the scar.",
    "Hx: melanoma of back excised {date} by {full}, margins said to be clear; now palpable axillary node.",
    "Per requisition signed by {full}, RN: LMP {date}, on Depo-Provera, prior ASCUS.",
    (
        "Clinical information supplied over the telephone by {full}, nurse practitioner, {phone}: "
        "lesion present since childhood."
    ),
    "No history on req.; floor called and history obtained from Dr. {last} (beeper {pager}).",
    "Pt employed x 30 yrs as boilermaker in {city}, followed by {full} for pleural plaques.",
    "Same pt. as {accession}, signed out {date}; see that report for description of the primary.",
    ("Family history is significant in that her sister, {full}, was treated here for ovarian carcinoma ({accession})."),
    'Husband ({full}) states she was told of "abnormal cells" at {institution} in the past.',
    "Preop dx: r/o recurrent ca. Postop dx: same. Surgeon: {full}. Anesth: {full}.",
    (
        'Received fresh from O.R. 6, labeled "{listed}, right hemicolon", is a 22 cm segment of bowel '
        "with attached mesentery."
    ),
    "The container bears the patient's name ({full}) and medical record number ({mrn}) but no site is indicated.",
    'Specimen A is rec\'d in formalin, the label reading {listed} / {mrn} / "gallbladder".',
    (
        'Label on jar reads "{listed}" whereas the slip reads "{listed}"; {full} in ambulatory surgery '
        "came down and corrected the label."
    ),
    "Submitted in toto in a single cassette marked {tail}-A.",
    (
        "Representative sections are taken as follows: {tail}-1 margin, {tail}-2 deepest invasion, "
        "{tail}-3 thru 6 lymph nodes."
    ),
    "Cassettes stamped {accession} A1-A9; remaining tissue retained in the bucket tagged {tail}.",
    "Gross by {full}, PA(ASCP), with Dr. {last} present for orientation of the specimen.",
    "Specimen inked and oriented by the surgeon, {full}, who visited the gross room on {date}.",
    "Dictated by {full}, PGY-2, and transcribed by {initials} on {date}.",
    "Gross photographs (filed under case no. {tail}) were taken by {full} of Medical Photography.",
    "Also received is a silicone gel prosthesis etched with serial number {device}, capsule intact.",
    (
        "The pulse generator is a dual chamber unit, S/N {device}, and is turned over to {full} in "
        "Biomedical Engineering."
    ),
    (
        "Explanted acetabular cup, ser. no. {device}, returned to patient's attorney {full} per signed "
        "release dated {date}."
    ),
    "Fetal tissue is released to {full}, chaplain, for burial at parents' request on {date}.",
    "The products are identified by wristband as baby boy of {full}, acct {account}.",
    (
        "Five bullet fragments are placed in an envelope, initialed {initials}, and handed to Det. "
        "{last} for chain of custody."
    ),
    "Case discussed w/ {full} by phone at time of FS; margin to be re-excised.",
    "FS A1 called to Dr. {last} in room 9 by {initials}: atypical, defer to permanents.",
    "Intraop consult performed by {full} and read back by {full}, circulating nurse.",
    "Results phoned to {full} (office {phone}) on {date} and verified by readback.",
    (
        "A msg. was left w/ the answering service for Dr. {last} at {phone} on {date}, no return call "
        "as of this dictation."
    ),
    "Critical value: AFB present, paged to {full} at {pager} with acknowledgment.",
    "Preliminary findings faxed to {full} at {fax} on {date}.",
    "The above was e-mailed ({email}) to {full}, who will see the pt this week.",
    'Secure chat to {listed} {date}: "granulomas seen, please send tissue for cx if any left".',
    "Dr. {last} was made aware of the unexpected dx and will contact the patient directly at home, {phone}.",
    "Slides rec'd from {institution} labelled {accession}, 14 H&E and 6 unstained.",
    (
        "We are in receipt of two blocks ({accession}, A3 and B1) forwarded by {full} of {institution}, "
        "{city}, together with a cover letter dated {date}."
    ),
    (
        "Outside materials were hand carried by the patient's son, {full}, and will be returned to "
        "{street}, {city} {zip}."
    ),
    "Blocks mailed back {date} to the attention of {full}, {institution}, {street}, {city} {zip}.",
    "Thank you, Dr. {last}, for letting us look at this fascinating lesion on your patient, {full}.",
    "Sent out for second opinion to Prof. {last} at {institution}; his letter is scanned under {accession}.",
    "In agreement with {full} (consult letter {date}), we favor a low grade endometrial stromal tumor.",
    "HER2 FISH performed at {institution} (CLIA {clia}), their ref {accession}; ratio 1.2, not amplified.",
    (
        "Flow cytometry was referred to {institution}, director {full}, M.D., CLIA # {clia}, and is "
        "reported separately as {accession}."
    ),
    "Compared side by side with {accession} of {date}, the present infiltrate is morphologically identical.",
    "Slides from the previous bx ({accession}) were pulled and reviewed with {full}; no change in that diagnosis.",
    "Seen also by Drs. {last} and colleagues at the QA scope, who concur with in situ only.",
    "This case was presented at GU tumor board {date}; {full} of radiation oncology argued for adjuvant tx.",
    "Intradepartmental review: {full}, M.D. agrees. ({initials}, {date})",
    "Deeper levels on block {tail}-B2 show a single gland with perineural invasion.",
    "Immunos repeated on {tail}-C4 because of wash-off: CK7+, TTF-1+, p40 neg.",
    "The cytology counterpart ({accession}, {listed}) was negative on re-screen by {full}, SCT.",
    "The patient's chart (unit no. {mrn}) was consulted and confirms methotrexate therapy begun {date}.",
    "Cross reference: also filed under former name {listed}, MRN {mrn}.",
    "Whole slide images are posted for the referring physician at {url} for 90 days.",
    "Protocol template and references may be found on our intranet page {url}, or write {email}.",
    "ADDENDUM {date}: Additional history received from {full} - pt is s/p renal transplant.",
    "Amended {date} by {initials} to correct laterality as pointed out by Dr. {last}; originally issued {date}.",
    "Report reissued: patient misidentified at registration as {listed}; correct pt is {listed}, MRN {mrn}.",
    "Supplemental: ER/PR results added per request of {full}, {city} Oncology Associates, on {date}.",
    "Precert. for send-out obtained from carrier, subscriber no. {plan}, spoke with {full} in utilization review.",
    "Charge to account {account}; Medicaid recipient number {plan} on face sheet.",
    "The requisition lists soc. sec. no. {ssn} only, and was matched to {full} by Admitting.",
    "Case result was entered remotely from {ip} during system downtime on {date}, keyed by {initials}.",
    "Audit note: report opened from workstation {ip} by user {initials} before verification.",
    "Permission for autopsy, limited to chest, was granted by the wife, {full}, and witnessed by {full}, R.N.",
    "The decedent, {full}, was the belted driver of a pickup (VIN {vin}) found off the shoulder near {city}.",
    (
        "Soot was wiped from the tailpipe of the vehicle, vehicle identification no. {vin}, registered "
        "to {full} of {street}, {city}."
    ),
    ("The body is that of a frail elderly woman appearing the stated age of {oldage}, with ID band reading {listed}."),
    "Remains released {date} to {full}, funeral director (lic. {licence}), {city}.",
    "Screened by {full}, cytotechnologist, state license {licence}; 10% rescreen by {initials}.",
    (
        "Ordering provider could not be identified from NPI {npi} as written on the slip; {full} has "
        "since confirmed the order."
    ),
    "Pt. declines transfusion; pastor {full} of {city} was present during discussion of findings with Dr. {last}.",
    "Follow-up Pap of {date} at the {city} Health Department was reported as LSIL ({accession}).",
)
SIGNATURES = (
    "{full}, M.D., Pathologist     {initials}     {date}",
    "<Sign Out Dr. Signature> {full}, MD",
    "** Report Electronically Signed Out ** By {listed} on {date}",
    "Electronically signed by {listed}, D.O.     {date}",
    "E-signed: {full}, MD PhD (Case signed {date})",
    "Signature on file: {full}, M.D., F.C.A.P.",
    "____________________ {full}, M.D.     {institution}",
    "Verified: {full}   {date}   ({initials})",
    "{initials}/{initials}   D: {date}   T: {date}",
    "DD: {date}  DT: {date}  TR: {initials}  PATH# {tail}",
    "{initials}:{initials} {date} cc: Dr. {last}, Tumor Registry",
    "cc: {full}, MD; {full}, MD; Medical Records",
    "CC:  {listed}   FAX {fax}",
    "Copies to: {full}, {street}, {city} {zip}",
    "xc  Dr. {last}, {institution}; {full} (referring)",
    "I, {full}, have personally examined the slides and rendered the above diagnosis.",
    "Attending attestation: gross and microscopic material reviewed by me, {full}, M.D., {date}; resident {full}.",
    "As the teaching physician I reviewed all preparations.  {full}  pgr {pager}",
    "Dictated but not read - {full}, M.D. / {initials}",
    "Signed in the absence of Dr. {last} by {full}, Associate Pathologist",
    "Locum tenens: {full}, M.D.     Lic. No. {licence}",
    "{full}, M.D.   NPI {npi}   Lic {licence}",
    "Diplomate, American Board of Pathology: {full}   ({npi})",
    "Prof. {last}, Chairman of Pathology, {institution}",
    "{full}, CT(ASCP), Cytotechnologist     {date}     Reviewed: {full}, M.D.",
    "Grossing: {full}, PA   |   Micro: {full}, MD   |   {date}",
    "Transcriptionist {full}     {date}",
    "Technical component: {institution}, {street}, {city}, TX {zip}  CLIA {clia}",
    "Professional services rendered at {institution}, {full}, M.D., Director, CLIA# {clia}",
    "Interpretation performed off site: {institution}, {city}     Tel {phone}",
    "Questions? Call {full} at {phone} or e-mail {email}",
    "For slides or recuts of {accession} contact File Room, {phone}, fax {fax}",
    "View online: {url}     Login help: {email}",
    "Printed by {listed} from {ip} on {date}",
    "Final report {accession} transmitted {date} to {fax}",
    "END OF REPORT   {accession}   {listed}   {mrn}",
    "{accession}   {listed}   FINAL   Signed: {initials} {date}",
    "Path. resident: {full} (beeper {pager})     Staff: {full}",
    "Consultant's signature: {full}, M.D., Ph.D., {institution}, {date}",
    "Sincerely yours, {full}, M.D., Director, Surgical Pathology",
    "With kind regards,  {full}, MD   {institution}   {phone}",
    "Addendum #1 signed out by {listed} {date}",
    "AMENDED REPORT VERIFIED BY {full}, DATE {date}, SUPERSEDES {accession} OF {date}",
    "Chief Medical Examiner {full}, M.D.     Pronounced and certified {date}",
    "Second reviewer: {initials}     Primary: {full}, M.D.",
    "ICD/CPT coded {date} by {initials}; acct {account}; carrier ID {plan}",
    "Imaged on scanner S/N {device}; digital sign-out by {full}, {date}",
)
SURNAMES = """
Agbaje Ahluwalia Amundson Anagnostou Arceneaux Azarian Babineaux Bachmeier Bednarczyk Begaye Benavides Bjorklund
Boudreaux Burkhalter Cangelosi Carvalho Cholewinski Chukwuemeka Cicchetti Cloutier Colquitt Cudahy Culpepper
D'Agostino Dalrymple Damjanovic Deaux DeGroot DelVecchio Demetriou Dinh Dombrowski Drozd Dzurilla Eickhoff
Ekstrom Escamilla Espinoza-Lugo Etcheverry Fahrenkopf Farrokhzad Featherstonhaugh Feliciano Fitzsimmons Fontenot
Fujimura Gaddis Galindo Gebremariam Ghazarian Giannopoulos Goncalves Granholm Grzybowski Haggerty Hakobyan
Higginbotham Hoekstra Holmquist Iacobucci Ibarra Ignatowski Iyengar Jagielski Jaramillo Jorgensen Kahananui
Kalogeropoulos Katzenbach Kawamoto Keohane Khatchadourian Kilpatrick Kirkegaard Klinefelter Kuykendall
Labossiere Lefkowitz Leatherwood Liang Ljungberg Lopresti Lundgren MacGillivray Manganello Matsuoka Mbeki
McElhaney Mehrotra Melnyk Menendez Mikulski Montoya Napolitano Ngo Nguyen-Tate Niedermeyer O'Halloran
O'Shaughnessy Obermeier Ochoa Okafor Olszewski Pagliarulo Pahlavan Park-Hollis Pellegrino Phan Piotrowski
Plaisance Pokorny Quackenbush Quezada Quintanilla Rajagopal Robichaux Rosenzweig Rutkowski Santangelo
Satterfield Scarborough Schexnayder Schwendimann Seetharaman Shaughnessy Shimabukuro Skarsgaard Saint-Amant
Stoltzfus Suleiman Tadesse Talamantez Tarkanian Thibodeaux Throckmorton Tomczak Torvik Trujillo Tsosie Tuazon
Ueberroth Underhill Vaidyanathan Valdivia VanHouten Vandermeer Vukovich Wadsworth Wasilewski Weatherly Wieczorek
Wojciechowski Wytrwal Xiong Yamashita Yazzie Yoon Zaragoza Zawadzki Zeitler Zuckerman
"""
GIVEN = """
Adelaide Alejandro Alma Alphonse Althea Amira Anselm Arturo Bernadette Bettye Blanche Boyd Bridget Calvin
Carmela Cedric Chester Chloe Clarence Claudette Clyde Consuelo Cornelius Curtis Darnell Delbert Delores
Demetrius Devonte Dolores Dominic Doreen Duane Dwight Earline Edwina Elmer Eloise Ernestine Estelle Ethel Farid
Felicia Fernando Francine Gareth Gerardo Gertrude Gladys Glenda Gordon Guadalupe Gwendolyn Hector Heidi Helga
Herbert Hubert Imelda Inez Irving Isadora Jamal Janice Jasmine Joaquin Juanita Keisha Khadija Kwame Lakeisha
Lamont Laverne Lloyd Loretta Lorraine Lucille Luther Mabel Malcolm Marcella Maribel Marjorie Marlene Marvin
Mildred Milton Minh Miriam Muriel Myrtle Nadine Natalia Nathaniel Nelson Noemi Norbert Octavio Olga Opal Orville
Pauline Percy Ramona Randall Rhonda Roderick Rosalind Roscoe Salvatore Saul Seymour Shanice Sheldon Stanislaw
Sunita Suzanne Sylvester Tamara Thelma Theodore Thuy Tyrone Valerie Velma Vernon Virgil Wallace Wendell Wilbur
Winifred Zelda
"""
TOWNS = """
Ashgrovia Barkersfield Bellwick Brackenton Cadwallader Calverdale Chinquapin Coldbrooke Corvington Cresthollow
Dunmarrow Eastlathrop Elkmere Fallonsburg Farquhar Gladbury Granthorpe Greerville Hadleyport Harlowton
Haverskill Hickmanville Holloway Ironwick Keewanna Kettleboro Kinsbrook Lakemoor Larchfield Lindenhurst
Maplethorpe Marshboro Medloe Millersport Minnetola Nashoba Netherby Norwalden Oakhampton Okatoma Oxbridge
Pawtanna Pennicott Pinckton Quillsboro Rensford Ridgemont Rockhampton Saltmarsh Saugatonk Shawanaka Silverthorne
Stanwick Steubensport Tallahoma Tishaloosa Tuckerton Unadilla Vandersburg Wapacheta Waxhollow Wendover
Westerleigh Whitlocksburg Winnepaug Wyandale Yarborough Zephyrton
"""
INSTITUTIONS = (
    "St. Brendan's Hospital of {}",
    "Our Lady of Mercy Hospital - {}",
    "University of {} Hospitals and Clinics",
    "{} State University Medical Center",
    "{} Univ. Hosp.",
    "{} Deaconess Hospital",
    "{} Osteopathic Hospital",
    "VA Medical Center, {}",
    "{} VAMC",
    "{} Women's and Children's Hospital",
    "{} Ambulatory Endoscopy Center, LLC",
    "{} Pathology Associates, P.C.",
    "{} Clinical Laboratories, Inc.",
    "{} Dermatopathology Services",
    "Methodist Hospital of {}",
    "{} Health System - East Campus",
    "Sisters of Providence Hospital, {}",
    "{} Valley Medical Ctr",
    "{} Naval Hospital",
    "{} Indian Health Service Hospital",
    "{} Family Practice Center",
    "{} Urology Group",
    "{} OB-GYN Associates",
    "College of Medicine at {}",
    "{} County Medical Examiner's Office",
    "Presbyterian/{} Medical Center",
    "{} Hosp. & Nursing Home",
)
STREETS = (
    "1420 {} Street",
    "88 {} Avenue",
    "3307 N. {} Ave.",
    "615 {} Rd",
    "2250 {} Boulevard, Suite 310",
    "12 Old {} Turnpike",
    "9041 {} Pkwy",
    "701 W {} Drive, 2nd Floor",
    "400 {} Medical Plaza",
    "57 {} Ct Apt 4B",
    "RR 2 {} Lane",
    "1899 South {} Highway",
    "26 {} Terrace",
    "5150 {} Circle NE",
    "310 East {} St., Bldg. C",
    "7 {} Square",
    "One {} Place",
    "10633 {} Trail",
    "1105 {} Pike",
)
ACCESSIONS = (
    "S##-#####",
    "S##-####",
    "SP##-######",
    "SP-##-#####",
    "S-#####-##",
    "##-SP-#####",
    "##:SP####",
    "##:S#####R",
    "###-SP-##-#####",
    "@S##-#####",
    "@@##-####",
    "@@S-##-######",
    "SU:##-####",
    "PS####-######",
    "##S-####",
    "NC##-####",
    "CY-##-####",
    "BM##-###",
    "A##-###",
    "##@#######",
    "##-#######",
)
PHONES = (
    "(5##) 555-####",
    "5##-555-####",
    "5##.555.####",
    "(5##)555-####",
    "1-8##-555-####",
    "555-####",
    "5##/555-####",
    "(6##) 555-#### ext. ####",
    "5##-555-#### x###",
    "+1 7## 555 ####",
    "555-####, ext ###",
    "(4##) 555 - ####",
    "1 (9##) 555-####",
    "###-555-####",
    "2## 555-####",
)
