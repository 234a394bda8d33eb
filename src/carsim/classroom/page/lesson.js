// Words of the lesson: guided questions, the teacher's note, the glossary, what the model does not know.

export const QUESTIONS = ["q1", "q2", "q3", "q4", "q5", "q6", "q7"];
export const GLOSSARY = ["antigen", "aplasia", "auc", "bispecific", "blast", "carT", "clone", "costim", "drive", "escape", "flu", "mrd",
  "persistence", "relapse", "remission", "transplant", "twin"];
export const UNKNOWN = ["u1", "u2", "u3", "u4", "u5"];
export const TEACHER = ["t1", "t2", "t3", "t4"];

export const LESSON = {
  questionsTitle: ["Guided questions", "Leitfragen"],
  glossaryTitle: ["Glossary", "Glossar"],
  teacherTitle: ["For the teacher", "Für die Lehrkraft"],
  unknownTitle: ["What this model does not know", "Was dieses Modell nicht weiß"],
  tryIt: ["Set up this case", "Diesen Fall einstellen"],

  q1: [
    "One cell in ten million is CD19-negative. Predict what happens, then look. Why can no assay find it at the start?",
    "Eine von zehn Millionen Zellen ist CD19-negativ. Sagen Sie vorher, was geschieht, dann sehen Sie nach. Warum findet es zu Beginn kein Test?",
  ],
  q2: [
    "Make that fraction ten, a hundred, a thousand times smaller. By how many days does each tenfold delay the relapse? Why always by about the same?",
    "Machen Sie den Anteil zehn-, hundert-, tausendmal kleiner. Um wie viele Tage verschiebt jedes Zehnfache das Rezidiv? Warum immer um etwa gleich viel?",
  ],
  q3: [
    "Set the fraction to none. Which twins relapse now, and with what? Where did the negative cells come from?",
    "Stellen Sie den Anteil auf keine. Welche Zwillinge haben nun ein Rezidiv, und welches? Woher kamen die negativen Zellen?",
  ],
  q4: [
    "Pin the curve and change 4-1BB to CD28. Look at B cells and CAR T cells: what tells you, months ahead, that a CD19-positive relapse is possible?",
    "Heften Sie die Kurve an und wechseln Sie von 4-1BB zu CD28. Was sagt Ihnen an B- und CAR-T-Zellen Monate vorher, dass ein CD19-positives Rezidiv möglich ist?",
  ],
  q5: [
    "Halve the fludarabine exposure, then take it away. Which curve changes first, and which last?",
    "Halbieren Sie die Fludarabin-Exposition, dann nehmen Sie sie weg. Welche Kurve ändert sich zuerst, welche zuletzt?",
  ],
  q6: [
    "Give the product a weak CD22 arm, then one as strong as the first. How much of the protection does the weak one give?",
    "Geben Sie dem Produkt einen schwachen CD22-Arm, dann einen gleich starken. Wie viel des Schutzes gibt der schwache?",
  ],
  q7: [
    "Give a CD22 product in remission, then much later. Why does a product expand so little where little antigen is left?",
    "Geben Sie ein CD22-Produkt in Remission, dann viel später. Warum vermehrt es sich so wenig, wo wenig Antigen übrig ist?",
  ],

  t1: [
    "Begin with prediction: hands up for each answer before anyone reveals. The surprise is the lesson: the remission of day 28 looks the same whether a relapse follows or not.",
    "Beginnen Sie mit der Vorhersage: Handzeichen für jede Antwort, bevor jemand aufdeckt. Die Überraschung ist die Lehre: Die Remission an Tag 28 sieht gleich aus, ob ein Rezidiv folgt oder nicht.",
  ],
  t2: [
    "Question 2: a clone that doubles in a fixed time needs a fixed time for each tenfold; that is why its axis is logarithmic.",
    "Frage 2: Ein Klon mit fester Verdopplungszeit braucht für jedes Zehnfache gleich lang; darum ist seine Achse logarithmisch.",
  ],
  t3: [
    "Question 4: B cells carry CD19. When they are back, the CAR T cells are gone, and what is left of the CD19-positive leukaemia meets none.",
    "Frage 4: B-Zellen tragen CD19. Sind sie zurück, sind die CAR-T-Zellen fort, und was von der CD19-positiven Leukämie blieb, trifft auf keine.",
  ],
  t4: [
    "With a class code each student treats a few patients only. Let three of them name their share of relapses before you pool: they will differ widely, and that is what a small trial is.",
    "Mit einem Klassencode behandelt jeder nur wenige Patienten. Lassen Sie drei ihren Anteil an Rezidiven nennen, bevor Sie zusammenlegen: Sie liegen weit auseinander, und so ist eine kleine Studie.",
  ],

  u1: [
    "Chance in single cells. A clone below one cell is gone here; in a patient, luck decides on the last ones. carsim run with engine hybrid shows it.",
    "Den Zufall in einzelnen Zellen. Ein Klon unter einer Zelle ist hier erloschen; im Patienten entscheidet bei den letzten das Glück. carsim run mit der Engine hybrid zeigt es.",
  ],
  u2: [
    "A particular patient. Many of its numbers are assumed or fitted to medians of groups; none was fitted to a person.",
    "Einen bestimmten Patienten. Viele Zahlen sind angenommen oder an Mediane von Gruppen angepasst, keine an einen Menschen.",
  ],
  u3: [
    "Other places. Marrow and blood only: no nervous system, no lymph nodes, no skin.",
    "Andere Orte. Nur Knochenmark und Blut: kein Nervensystem, keine Lymphknoten, keine Haut.",
  ],
  u4: [
    "What doctors would do next. No rescue, no second thoughts, no treatment but the one you set.",
    "Was Ärzte als Nächstes täten. Keine Rettung, kein Umdenken, keine Behandlung außer der eingestellten.",
  ],
  u5: [
    "How sure it is. The twins differ as patients do, but all obey the same equations, and those may be wrong.",
    "Wie sicher es ist. Die Zwillinge unterscheiden sich wie Patienten, folgen aber alle denselben Gleichungen, und die können falsch sein.",
  ],

  g_antigen: ["Antigen", "Antigen"],
  d_antigen: [
    "What a CAR recognises on the surface of a cell; here CD19 or CD22.",
    "Was ein CAR auf der Oberfläche einer Zelle erkennt; hier CD19 oder CD22.",
  ],
  g_aplasia: ["B-cell aplasia", "B-Zell-Aplasie"],
  d_aplasia: [
    "No B cells in blood. Healthy B cells carry CD19 too, so their absence shows that CAR T cells are at work.",
    "Keine B-Zellen im Blut. Auch gesunde B-Zellen tragen CD19; fehlen sie, wirken die CAR-T-Zellen.",
  ],
  g_auc: ["AUC", "AUC"],
  d_auc: [
    "Area under the curve of concentration over time: the exposure to a drug, in mg·h/L.",
    "Fläche unter der Kurve der Konzentration über die Zeit: die Exposition, in mg·h/l.",
  ],
  g_bispecific: ["Bispecific product", "Bispezifisches Produkt"],
  d_bispecific: [
    "CAR T cells with two arms, for two antigens. A cell must lose both to escape.",
    "CAR-T-Zellen mit zwei Armen für zwei Antigene. Zum Entkommen muss eine Zelle beide verlieren.",
  ],
  g_blast: ["Blast", "Blast"],
  d_blast: ["An immature leukaemic cell.", "Eine unreife Leukämiezelle."],
  g_carT: ["CAR T cell", "CAR-T-Zelle"],
  d_carT: [
    "A T cell given a chimeric antigen receptor, with which it recognises and kills cells that carry the antigen.",
    "Eine T-Zelle mit einem chimären Antigenrezeptor, mit dem sie Zellen mit dem Antigen erkennt und tötet.",
  ],
  g_clone: ["Clone", "Klon"],
  d_clone: [
    "Leukaemic cells with the same antigens, descended from one.",
    "Leukämiezellen mit denselben Antigenen, Nachkommen einer einzigen.",
  ],
  g_costim: ["Costimulatory domain", "Kostimulatorische Domäne"],
  d_costim: [
    "The part of the CAR that decides on its temper: CD28 expands fast and fades early, 4-1BB lasts.",
    "Der Teil des CAR, der sein Wesen bestimmt: CD28 vermehrt sich schnell und schwindet früh, 4-1BB hält an.",
  ],
  g_drive: ["Cytokine drive", "Zytokinantrieb"],
  d_drive: [
    "IL-7 and IL-15 that make T cells divide. Host T cells consume them; lymphodepletion leaves them to the CAR T cells.",
    "IL-7 und IL-15 lassen T-Zellen sich teilen. Eigene T-Zellen verbrauchen sie; die Lymphodepletion lässt sie den CAR-T-Zellen.",
  ],
  g_escape: ["Antigen escape", "Antigen-Entkommen"],
  d_escape: [
    "Relapse by cells without the antigen, which CAR T cells cannot see.",
    "Rezidiv durch Zellen ohne das Antigen, die CAR-T-Zellen nicht sehen.",
  ],
  g_flu: ["Fludarabine", "Fludarabin"],
  d_flu: [
    "With cyclophosphamide, the chemotherapy before the infusion; it clears host T cells.",
    "Mit Cyclophosphamid die Chemotherapie vor der Infusion; sie räumt eigene T-Zellen weg.",
  ],
  g_mrd: ["MRD", "MRD"],
  d_mrd: [
    "Minimal residual disease: blasts that only a sensitive assay finds, one in ten thousand marrow cells or fewer.",
    "Minimale Resterkrankung: Blasten, die nur ein empfindlicher Test findet, eine von zehntausend Markzellen oder weniger.",
  ],
  g_persistence: ["Persistence", "Persistenz"],
  d_persistence: ["How long CAR T cells can be found.", "Wie lange CAR-T-Zellen nachweisbar sind."],
  g_relapse: ["Relapse", "Rezidiv"],
  d_relapse: [
    "Leukaemia back after a remission: 5 % blasts in the marrow or more.",
    "Leukämie nach einer Remission zurück: 5 % Blasten im Mark oder mehr.",
  ],
  g_remission: ["Remission", "Remission"],
  d_remission: [
    "Fewer than 5 % blasts in the marrow. It does not mean that no leukaemic cell is left.",
    "Weniger als 5 % Blasten im Mark. Es heißt nicht, dass keine Leukämiezelle übrig ist.",
  ],
  g_transplant: ["Transplant", "Transplantation"],
  d_transplant: [
    "Stem cells of a donor after conditioning; the graft attacks leukaemia whatever antigen it shows.",
    "Stammzellen eines Spenders nach Konditionierung; das Transplantat greift Leukämie an, welches Antigen sie auch zeigt.",
  ],
  g_twin: ["Twin", "Zwilling"],
  d_twin: [
    "The same case in another body: weight, cells, product and rare clones are drawn anew from the population.",
    "Derselbe Fall in einem anderen Körper: Gewicht, Zellen, Produkt und seltene Klone sind neu aus der Population gezogen.",
  ],
};
