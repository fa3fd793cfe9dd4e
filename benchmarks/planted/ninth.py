"""The ninth set: of a writer who knew neither the rules nor another set.

Reference laboratories, consultations and biobanks in the United States and Canada. Measured once, then tuned on.
"""

HEADERS = (
    "{institution}   |   EXTRAMURAL CONSULTATION   |   Our no.: {accession}",
    "CONSULT CASE {accession}     Your ref: {accession}     Rec'd {date}",
    "Pt: {listed}     Chart {mrn}     Sex: F     Born {date}",
    "PATIENT NAME	{listed}	LAB REF	{accession}",
    "CLIENT: {institution}     ACCT {account}     FAX {fax}",
    "Submitting pathologist: {full}, M.D.     Submitting lab: {institution}",
    "REFERRED BY {full} MD FRCPC  |  {institution}  |  {city}  {zip}",
    "Patient: {full}     Age: {age}     Hosp. unit no. {mrn}",
    "Collected: {date} 07:40     In lab: {date} 16:05     Signed out: {date}",
    "CLIA ID {clia}   |   Laboratory Director: {full}, MD, PhD   |   Tel {phone}",
    "{institution}     {street}, {city} {zip}     Client Services {phone}",
    "Health card no. {plan}     Chart: {mrn}     DOB (D/M/Y): {date}",
    "CASE NO. {accession} (cont'd)     {listed}     Page 2 of 4",
    "** CONTINUATION SHEET **  {listed}  {mrn}  {accession}",
    "Religion: {field}     Occupation: {field}     Next of kin: {full}",
    "Country of citizenship: {field}     Language spoken at home: {field}",
    "MARITAL STATUS: {field}  |  EMPLOYER: {field}  |  SSN: {ssn}",
    "Guarantor: {listed}     Guarantor SSN {ssn}     Relationship: spouse",
    "Subscriber ID {plan}     Group plan: {plan}     Bill acct {account}",
    "Bill to: {institution}, {street}, {city}     Client acct #{account}",
    "Ordering provider: {listed}     NPI {npi}     Copy to: {listed}",
    "REQ MD: {listed}	NPI: {npi}	LOC: Outreach",
    "Specimen no: {accession}     Short no: {tail}     Drawn: {date}",
    "Slide Consultation {accession}  [{tail}]     {listed}     {date}",
    "BIOBANK PARTICIPANT {full}     Consent signed {date}     Site: {institution}",
    "Tissue Bank Acc. {accession}     Donor hospital no. {mrn}     Banked {date}",
    "Donor: {listed}     Age at donation: {age}     Coordinator: {full}",
    "AGE/SEX: {age} / M     WARD: Day Onc     ATTENDING: {listed}",
    "Name {listed}  |  Yrs {age}  |  Home tel {phone}  |  Postal code {zip}",
    "Residence: {street}, {city}     Phone (res.) {phone}     Occupation: {field}",
    "Results on line: {url}     Questions: {email}     Toll free {phone}",
    "Physician portal {url}  |  Pathologist on call, pager {pager}",
    "Printed {date} 11:17 from workstation {ip}     User {initials}     Page 1 of 2",
    "FAXED {date} 09:52  TO {fax}  FROM {institution}  HOST {ip}  P.01/03",
    "Whole slide scanner S/N {device}     Slide set {accession}     Scan date {date}",
    "IMPLANT SERIAL NO. {device}     Explanted {date}     Surgeon: {listed}",
    "Courier van VIN {vin}     Route: {city}     Tote received {date}     Chk: {initials}",
    "Mobile Mammography Coach (VIN {vin})     Stop: {city}     Date of visit: {date}",
    "MEDICAL DIRECTOR {full}, M.D.     STATE LIC. {licence}     CLIA# {clia}",
    "College registration no. {licence}     Consultant: {full}, FRCPC     Fax: {fax}",
    "Referring facility: {institution}     Referring case: {accession}     Blocks: 3  Slides: 14",
    "MATERIAL: {accession} (6 HE, 11 IHC)  |  FROM: {institution}  |  DATED: {date}",
    "DEPARTMENT OF LABORATORY MEDICINE, {institution}     Head: Dr. {last}",
    "Tumour Board Worksheet     Presenter: Dr. {last}     Pt {listed}     {date}",
    "Family physician: Dr. {last}, {city}     Patient: {full}     Unit no. {mrn}",
    "SECOND OPINION - REQUESTED BY PATIENT     {full}     File {accession}",
    "Amended report {date}; supersedes {date}     Case {accession}     {listed}",
    "Typed by {initials} {date}     Checked by {initials}     Dictated by Dr. {last}",
    "Band / Treaty affiliation: {field}     Home community: {city}     Parish: {field}",
    "Veteran status: {field}  |  Branch: {field}  |  Interpreter: {field}",
    "{listed}  ({mrn})          OUTREACH CYTOLOGY          {accession}",
    "Clinic: {institution} Satellite     Clinic nurse: {full}     Clinic ph {phone}",
    "Molecular requisition {accession}     Parent case {accession}     Genetic counsellor {full}",
    "ACCESSIONED BY {initials}     DATE/TIME {date} 13:28     CLIENT REF {accession}",
    "Beeper {pager}     Office {phone}     FAX {fax}     e-mail {email}",
    "Acct. no. {account}   Fin. class: {field}   Policy holder {full}   Policy {plan}",
    "Spec #: {accession}     Status: SOUT     Req #: {account}     Subm Dr: {listed}",
    "Patient {listed} Reg'd {date} Disch {date} Unit# {mrn}",
)
BODIES = (
    "Case discussed at length with {full}, who will contact the family herself.",
    "We thank Dr. {last} for sharing this difficult case with us.",
    (
        "Received in consultation from {institution} are nineteen slides and two blocks, all bearing "
        "the number {accession}."
    ),
    "The accompanying outside report, dated {date}, is signed by {full}, M.D.",
    "Dear Dr. {last}: thank you for asking me to look at the slides on your patient, {full}.",
    "I have shown these sections to {full} and she agrees that this falls short of invasion.",
    "Per telecon with {full} ({phone}) on {date}, the lesion was flat and had been biopsied once before.",
    "Intradepartmental consultation: Dr. {last} concurs.",
    "The recut slides from {institution} ({accession}) do not contain the focus in question.",
    "Pt followed by {full} at the {city} outreach clinic since {date} for monoclonal gammopathy.",
    "This is a {oldage} F transferred from {institution} with a breast mass fungating through the skin.",
    "Clin info: {oldage}, male, on warfarin, gross hematuria; cystoscopy by {full}.",
    "Requisition reads: {oldage} M, lives alone in {city}, ?lymphoma vs reactive.",
    'Labelled "{listed} - L axilla" and received fresh for the lymphoma protocol is a bean-shaped node, 2.2 cm.',
    (
        "The container is identified with the patient's name ({full}) and hospital number {mrn}, and "
        "holds four tan cores."
    ),
    "One of the blocks is etched {accession}-2B, while its paper label carries only {tail}.",
    (
        "Comparison is made with the prior excision ({accession}, signed out {date}), which shows an "
        "identical spindle cell pattern."
    ),
    "Blocks {tail}-A through {tail}-F of case {accession} were returned to the sender by courier on {date}.",
    "Aliquot procured for the tumour bank at 10:20 by {full} under the consent signed {date}.",
    "Banked tissue may be requested through {email} or at {url}.",
    "A provisional opinion was telephoned to Dr. {last} at {institution} on {date} at 15:10, with read-back.",
    "The surgeon, {full}, was paged ({pager}) with the frozen section result.",
    "Attempts to reach the ordering clinic at {phone} failed, so the preliminary was faxed to {fax}.",
    (
        "Outside material was hand-carried by the patient's daughter, {full}, and is to be mailed back "
        "to {street}, {city} {zip}."
    ),
    "Additional immunostains were performed at {institution} and interpreted there by {full}.",
    "FISH was sent out to {institution} (their accession {accession}); an addendum will follow.",
    "NGS panel done at {institution}, CLIA {clia}; the report was released by {full} on {date}.",
    (
        "This laboratory-developed test was validated at {institution} (CLIA no. {clia}) and has not "
        "been cleared by the FDA."
    ),
    "The pacemaker generator, serial number {device}, was removed before cremation and handed to {full}.",
    ("Received is a ruptured silicone breast prosthesis engraved with serial no. {device}; photographed and retained."),
    "History from the coroner's sheet: driver of a pickup (VIN {vin}), found unresponsive near {city}.",
    "Specimens left overnight in the courier vehicle, VIN {vin}, were received warm on {date}.",
    "Digital images were viewed remotely from {ip} by {full} prior to receipt of the glass.",
    "Slides scanned at {institution} can be seen at {url} using the case number {accession}.",
    "The telepathology session was logged from address {ip} at the {city} site.",
    "We have no record of previous material under {listed} or under her maiden name, {full}.",
    (
        "Note that the slides are labelled {listed} whereas the letter refers to {full}; identity was "
        "confirmed by SSN {ssn}."
    ),
    (
        "The request form carries someone else's Social Security number ({ssn}), and the clinic in "
        "{city} has been notified."
    ),
    "Coverage under plan number {plan} has lapsed; charges were moved to account {account}.",
    "Duplicate billing under {account} was voided by {full} on {date}.",
    "The health card number on the requisition ({plan}) does not match the one on the specimen vial.",
    "Mr {last} underwent resection of a right-sided colonic tumour at {institution} in the weeks before {date}.",
    "Mrs. {last} is known to our melanoma group from {accession}.",
    "Second review requested by the patient's oncologist, {full}, of the Cancer Program at {institution}.",
    "Seen at weekly sarcoma rounds {date}; present were {full}, {full} and the undersigned.",
    ("ADDENDUM ({date}): Unstained slides have now arrived from {institution} and were stained for SS18-SSX and TLE1."),
    "AMENDMENT: The referring institution was incorrectly given as {institution}; it should read {institution}.",
    "Amended {date} to correct the spelling of the patient's name from {listed} to {listed}.",
    "Findings conveyed by secure e-mail to {full} ({email}) on {date}.",
    "I would value the opinion of Prof. {last}, and with your permission will forward slides to {institution}.",
    "Your slides will be kept on file as {accession} unless we hear from you at {phone}.",
    "Bone marrow aspirated by {full}, NP, at the bedside; touch preps made by {initials}.",
    "Sections cut and mislabelled at the bench (tech: {initials}) were discarded on {date}.",
    "Grossed by {initials}; inked blue superior and black inferior as instructed by {full}.",
    "The previous FNA (our {accession}, {date}) was read as atypical by {full} and has been re-reviewed.",
    ("Cytology done in {city} on {date} reportedly showed 'suspicious cells', but the smears are not available to us."),
    "The mother, {full}, is a known BRCA2 carrier tested at {institution}.",
    "Pt's brother {full} had the same tumor resected in {city}, slides reviewed here as {accession}.",
    "Referred by her family doctor, Dr. {last}, after a lump was noticed on {date}.",
    "Residual tissue was released to {full}, research coordinator, under lab accession {accession}.",
    "The biobank record links donor {mrn} to paraffin block {accession}.",
    "A search under hospital number {mrn} yields three earlier accessions, of which {accession} is pertinent.",
    "Ordering provider NPI {npi} is not on our client list; {institution} confirms that {full} ordered the test.",
    "An ordering provider with NPI {npi} could not be reached before release.",
    "The certificate was completed by {full} (physician licence {licence}) in {city}.",
    "Reviewed by a locum, {full}, under temporary licence no. {licence}.",
    "STAT request - call {full} at {phone} or pager {pager} as soon as the H&Es are out.",
    ("Path from {institution}: high grade serous ca, ovary, {date}; completed 6 cycles at the {city} cancer clinic."),
    "Dr. {last} will see him in clinic on {date} and will arrange the re-excision.",
    "Pt moved to {city} and care was assumed by {full} of {institution}.",
    "The specimen was grossed at {institution} and the cassettes shipped to us in formalin.",
    (
        "On review of the original H&E ({accession}, slide 1C) I cannot find the vascular invasion "
        "reported by Dr. {last}."
    ),
    "Dr. {last} kindly sent five further blocks, which were received on {date} and numbered {accession}.",
    ("These results were read over the telephone to {full}, R.N., {institution}, by {initials} at 0915 h on {date}."),
    "Next of kin {full}, of {street}, {city}, consented to a limited autopsy.",
    "Postal address on the donor form is {street}, {zip}, and the contact telephone {phone}.",
    "As of {date} the remaining paraffin is held at {institution} under {accession} and is nearly exhausted.",
    "Flow cytometry ({institution}, {accession}) identified a kappa-restricted CD5+ CD23- population.",
    "HER2 was repeated on the outside block ({accession}) at the request of {full} and is again equivocal.",
    (
        "In view of the discrepancy I telephoned {full}, the original pathologist, who has kindly "
        "issued a corrected report dated {date}."
    ),
    "Rec'd: 1 padded mailer from {institution}, 2 slides broken in transit, both marked {listed}.",
    "Mme {last} had a lumpectomy at {institution} followed by radiation, finished {date}.",
    "Quality assurance: concordance review by {full} on {date}, no disagreement.",
    "The patient portal message from {email} asked that copies go to {full} in {city}.",
    "Please direct the return of blocks to our slide room (fax {fax}), attention {full}.",
)
SIGNATURES = (
    "Electronically signed by {full}, M.D.   {date} 17:46",
    "{full}, MD, FRCPC     Consultant Pathologist, {institution}",
    "Final Diagnosis rendered by: {listed} MD   (Case {accession})",
    "With kind regards,   {full}, M.D.   Director, Consultation Service",
    "/es/ {listed}, MD    {date}",
    "{full} MD/{initials}   D: {date}   T: {date}",
    "Dictated but not read: {full}     Transcr. {initials}",
    "cc: {full}, {institution}; {full}, {city}",
    "c.c.  Dr. {last} (fax {fax})   Dr. {last} (chart copy)",
    "Copies sent to: {listed}; {listed}; Tumour Registry",
    "Verified: {listed}   Verified on: {date} 08:14   Perf. site: {institution}",
    "Reported by {full}, Ph.D., FCCMG; reviewed by {full}, M.D.",
    "Screened by {full}, CT(ASCP)     Rescreened {initials}     {date}",
    "Resident: {full}     Staff: {full}     Released: {date}",
    "I have personally examined the slides and dictated this report.  {full}, M.D.",
    "{full}, D.O.   License {licence}   NPI {npi}   {institution}",
    "Signing pathologist: {listed}  (NPI {npi})   {accession}   END OF REPORT",
    "CPSO no. {licence}   {full}, MD   Tel. {phone}   Fax {fax}",
    "Testing performed at {institution}, {street}, {city} {zip}; CLIA {clia}",
    "Technical component: {institution} (CLIA {clia}). Professional component: {full}, M.D.",
    "Gross exam: {initials}   Micro: {full}, M.D.   Case: {accession}",
    "** END OF REPORT **   {listed}   {mrn}   {accession}",
    "Addendum #2 e-signed {date} by {listed}",
    "Corrected report authorized by {full} on {date}; original signed by Dr. {last}",
    "Questions? Reach {full} at {phone}, pager {pager}, or {email}",
    "Report available at {url}   Help desk {phone}   Printed by {initials}",
    "Yours sincerely, {full}, Professor of Pathology, {institution}",
    "S/O {full} {date}   QA 2nd review {initials}",
    "Biorepository Manager: {full}   {institution}   Released {date}",
    "Witnessed by {full}     Consent obtained by {full}     {date}",
    "{full}, PA(ASCP), for {full}, M.D.",
    "Transmitted from {ip} on {date}, authenticated by {listed}",
    "Interp. by: {listed}, MD   Location: {city}   Date: {date}",
    "Attested {date}: {full} (teaching physician)",
    "Approved in the absence of Dr. {last} by {full}, {date}",
    "Consulted: {full}, dermatopathology; {full}, hematopathology",
    "Return slides to: {institution}, Attn. {full}, {street}, {city}",
    "Original to chart {mrn}; copy to {full}, {institution}",
    "{listed}, M.D.  -  Board certified AP/CP  -  {phone}",
    "Slides and report ret'd to {institution} {date} per {initials}",
    "Signed in my capacity as laboratory director, {full}, lic. {licence}",
    "Lab case {accession}: final, {full}, {date}.  Ref {tail}",
    "Dr. {last}, Staff Pathologist   (signature on file)   {date}",
    "Pathologist's pager: {pager}     Secretary: {full}, {phone}",
)
SURNAMES = """
Arsenault Bélanger Thibodeau Ouellette Lachapelle Charlebois Gaudreault Vaillancourt Ste-Marie Robichaud Cormier
Quesnel Beausoleil Latulippe MacEachern McGillivray Urquhart Abercrombie Geoghegan Mulcahy Fitzmaurice Llewellyn
Pritchard Trevelyan Penhaligon Wigglesworth Hathersage Cholmeley Thistlethwaite Kowalchuk Shevchenko Bohdanovych
Hrynkiw Semeniuk Zaleski Nowakowska Dvoracek Havlicek Szentmiklosi Barany Kisfaludi Mihailescu Popovici
Karagiannis Papanikolaou Theodorakis Bogdanovic Hadzic Krasniqi Berisha Ivanova Volkonsky Rabinowitz Feigenbaum
Lichtenstein Oppenheimer Schlesinger Hildebrandt Wiebe Friesen Toews Dueck Hoogendoorn Dykstra Terpstra
Sigurdsson Thorvaldson Haugland Koskinen Laaksonen Tammisto Kalnins Petrauskas D'Amico Bevilacqua Quattrocchi
Medeiros Figueiredo Albuquerque Villaseñor Zamarripa Núñez Bustamante Huamani Choquehuanca Toussaint
Jean-Baptiste Desormeaux Adebayo Nwachukwu Ogunleye Mensah Keita Tesfaye Abdirahman Warsame Mutasa Nkosi Khoury
Al-Rashidi Mansouri Benchekroun Tehrani Ozdemir Hovsepian Der-Garabedian Kobakhidze Dhaliwal Sandhu Grewal
Chatterjee Mukhopadhyay Krishnaswamy Deshpande Kulkarni Wickramasinghe Jayawardena Thapa Shrestha Truong
Chanthavong Srisuwan Macapagal Dimaculangan Wirawan Matsushita Hwang Seo Choi Ouyang Tsui Cheung Kwok Tuiasosopo
Nakoochee Papatsie Whitehorse Okemaw Tootoosis
"""
GIVEN = """
Adélard Agnieszka Aiko Alastair Alphonsine Amarjit Anahit Araceli Arvid Aurelio Babette Balwinder Bartholomew
Bohdan Brigid Callum Cecily Celestine Clementine Dagmar Delphine Demetrios Dieter Efrain Etienne Eudora
Fatoumata Fidelia Gaétan Gerhard Ghislaine Giuseppina Gurpreet Halina Hortense Hyun-woo Ignatius Ileana Isidore
Jacinta Janusz Jerzy Joachim Kamala Katarzyna Kerstin Leopold Lionel Ludmila Mahmoud Mehmet Mireille Mordecai
Murdoch Nadezhda Narinder Ngozi Nirmala Odette Olufemi Parvaneh Percival Phuong Piotr Prudence Rafaela Ranjit
Rupert Sadako Samina Seraphine Shoshana Sigrid Solveig Tadeusz Tamar Thaddeus Tomasz Vartan Vivienne Yusuf
Zenaida Zoltan Zubaida
"""
TOWNS = """
Marrowick Kettleburn Ashquamish Tannerville Brockhollow Wexcombe Penetanguay Larkmere Dunvegast Osprington
Quillayette Harrowsmere Vermilac Coldbrenton Shawanoke Eskdaleton Pembrickton Nipiskaw Blanchefort Cedarvale
Gravenfield Yellowford Minnetaska Rockhampstead Fairhollis Tuscamora Wabigenon Lunenwick Kapusville Strathgarry
Glenmorrin Bonnechance Mattawisset Ellenboro Crowhaven Dorvalton Okanishee Pictonbridge Winterset Hesperville
Chilliwane Arrowquin Beaumaris Antigowan Loyalsburg Merrimonte Nottaway Tecumwah Oxbowen Riverdene Sauganaw
Valemount Zurichville
"""
INSTITUTIONS = (
    "{} Reference Laboratories, Inc.",
    "{} Pathology Consultants, P.A.",
    "{} Cancer Centre",
    "Cancer Agency of {}",
    "{} Regional Health Centre",
    "{} Tumour Tissue Repository",
    "{} Biobank",
    "{} Dermatopathology Associates",
    "{} Outreach Clinic",
    "University of {} Health Network",
    "{} Second Opinion Pathology, LLC",
    "St. Columba's Hospital, {}",
    "{} & District Memorial Hospital",
    "{} Diagnostic Cytology Services Ltd.",
    "Hôtel-Dieu de {}",
    "{} Women's Health Clinic",
    "Sisters of Mercy Hospital of {}",
    "{} Medical Laboratories",
    "{} Institute for Cancer Research",
    "{} Hematology-Oncology Group",
    "{} Provincial Laboratory",
    "{} Surgicenter",
    "Children's Hospital of {}",
    "{} Molecular Diagnostics",
    "{} Indian Health Center",
    "{} Gastroenterology Endoscopy Suite",
    "{} Mobile Screening Program",
    "{} Health Sciences Centre",
    "Northern {} Nursing Station",
    "{} Clinic Foundation",
    "{} Central Slide Review Office",
)
STREETS = (
    "1140 {} Avenue",
    "27 {} St. W.",
    "P.O. Box 882, 400 {} Road",
    "3305 {} Parkway, Suite 210",
    "19 rue {}",
    "611 {} Blvd NE",
    "8 {} Crescent",
    "Unit 5, 72 {} Drive",
    "10245 {} Trail",
    "240 North {} Street",
    "R.R. 3, {} Line",
    "55 {} Court, Apt 12B",
    "906-1420 {} Terrace",
    "7700 Old {} Highway",
    "133 {} Place, 4th Floor",
    "One {} Plaza",
    "468 {} Concession Rd",
    "2216 {} Lane",
)
ACCESSIONS = (
    "S##-#####",
    "CN##-####",
    "OS-##-#####",
    "##-@@-######",
    "X##-###",
    "##:SP#####",
    "RL####-######",
    "@@@##-#####",
    "####-@-####",
    "BB-######",
    "C-####/##-####",
    "NS##-#####",
    "##@#######",
    "MD##-0####",
    "EXT-####-####",
    "SC ## ####",
    "##.#####",
    "H#######",
)
PHONES = (
    "(5##) 555-####",
    "5##-555-####",
    "5##.555.####",
    "1-8##-555-####",
    "+1 6## 555 ####",
    "(9##)555-####",
    "4##/555-####",
    "(7##) 555-#### ext. ####",
    "6## 555-####",
    "1 (8##) 555-####",
    "2##-555-#### x###",
    "555-####",
    "9##-555-####, local ###",
    "+1-4##-555-####",
)
