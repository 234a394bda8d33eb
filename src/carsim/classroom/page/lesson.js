// What the lesson consists of, by the keys of its words: guided questions, glossary, what the model does not know, notes.

export const QUESTIONS = ["q1", "q2", "q3", "q4", "q5", "q6", "q7"];
export const GLOSSARY = ["antigen", "aplasia", "auc", "bispecific", "blast", "carT", "clone", "costim", "drive", "escape", "flu", "mrd",
  "persistence", "relapse", "remission", "transplant", "twin"];
export const UNKNOWN = ["u1", "u2", "u3", "u4", "u5"];
export const TEACHER = ["t1", "t2", "t3", "t4"];
