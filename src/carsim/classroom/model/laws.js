// Made by carsim.classroom.generate; do not edit.
const NODES = Array.from({length: 69}, (_, k) => -8.5 + 0.25 * k);
const WEIGHTS = NODES.map((node) => 0.25 * Math.exp(-0.5 * node * node) / Math.sqrt(2 * Math.PI));
const VALUES = [
// stimulated
(w, e, n, a) => {
for (; n > 0; n--, a += 4) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]];
w[e[a + 3]] = x2 * x0 * x1;
}
},
// losing_birth
(w, e, n, a) => {
for (; n > 0; n--, a += 5) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]], x3 = w[e[a + 3]];
w[e[a + 4]] = x0 * x3 * x1 * x2;
}
},
// leucocyte_count
(w, e, n, a) => {
for (; n > 0; n--, a += 5) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]], x3 = w[e[a + 3]];
w[e[a + 4]] = ((x1 * (1 + x0)) + (x2 / x3));
}
},
// normal_marrow
(w, e, n, a) => {
for (; n > 0; n--, a += 4) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]];
w[e[a + 3]] = 0.25 * x0 * x1 / x2;
}
},
// vector_copies_per_dna
(w, e, n, a) => {
for (; n > 0; n--, a += 4) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]];
w[e[a + 3]] = x1 * x0 / x2;
}
},
// logistic_death
(w, e, n, a) => {
for (; n > 0; n--, a += 5) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]], x3 = w[e[a + 3]];
w[e[a + 4]] = (x0 * (x1 * x1) / (x2 * x3));
}
},
// released
(w, e, n, a) => {
for (; n > 0; n--, a += 6) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]], x3 = w[e[a + 3]], x4 = w[e[a + 4]];
w[e[a + 5]] = (x0 * (x1 + (x2 * x3)) / x4);
}
},
// composed
(w, e, n, a) => {
for (; n > 0; n--, a += 3) {
const x0 = w[e[a]], x1 = w[e[a + 1]];
w[e[a + 2]] = Math.pow(x0, (-x1));
}
},
// driven_division
(w, e, n, a) => {
for (; n > 0; n--, a += 5) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]], x3 = w[e[a + 3]];
w[e[a + 4]] = x3 * x0 * x1 * x2;
}
},
// renal_clearance
(w, e, n, a) => {
for (; n > 0; n--, a += 7) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]], x3 = w[e[a + 3]], x4 = w[e[a + 4]], x5 = w[e[a + 5]];
w[e[a + 6]] = (x5 * Math.pow(x3, x4) * (x0 + (x2 * x1)));
}
},
// crowded_set_point
(w, e, n, a) => {
for (; n > 0; n--, a += 5) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]], x3 = w[e[a + 3]];
w[e[a + 4]] = (x0 / (Math.pow((1 + (x1 / x2)), x3)));
}
},
// feedback_birth
(w, e, n, a) => {
for (; n > 0; n--, a += 6) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]], x3 = w[e[a + 3]], x4 = w[e[a + 4]];
w[e[a + 5]] = (x1 * x0 * Math.pow((x2 / x3), x4));
}
},
// suppression
(w, e, n, a) => {
for (; n > 0; n--, a += 4) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]];
const s_0 = x1 * x1;
w[e[a + 3]] = (s_0 * x0 / ((s_0 + (x2 * x2))));
}
},
// uptake
(w, e, n, a) => {
for (; n > 0; n--, a += 7) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]], x3 = w[e[a + 3]], x4 = w[e[a + 4]], x5 = w[e[a + 5]];
w[e[a + 6]] = (x1 * x0 * (x3 + x2) / (x4 * x5));
}
},
// cytokine_driven_division
(w, e, n, a) => {
for (; n > 0; n--, a += 4) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]];
w[e[a + 3]] = x2 * x1 * x0;
}
},
// floored
(w, e, n, a) => {
for (; n > 0; n--, a += 3) {
const x0 = w[e[a]], x1 = w[e[a + 1]];
w[e[a + 2]] = (x0 + (x1 * (1 - x0)));
}
},
// kill_pressure
(w, e, n, a) => {
for (; n > 0; n--, a += 12) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]], x3 = w[e[a + 3]], x4 = w[e[a + 4]], x5 = w[e[a + 5]], x6 = w[e[a + 6]], x7 = w[e[a + 7]], x8 = w[e[a + 8]], x9 = w[e[a + 9]], x10 = w[e[a + 10]];
w[e[a + 11]] = (x0 * (x1 + (x5 * x4) + (x3 * x2)) / ((x8 + (x10 * x9) + (x6 * x7))));
}
},
// first_order
(w, e, n, a) => {
for (; n > 0; n--, a += 3) {
const x0 = w[e[a]], x1 = w[e[a + 1]];
w[e[a + 2]] = x1 * x0;
}
},
// constant
(w, e, n, a) => {
for (; n > 0; n--, a += 3) {
const x0 = w[e[a]], x1 = w[e[a + 1]];
w[e[a + 2]] = x0 * x1;
}
},
// ratio
(w, e, n, a) => {
for (; n > 0; n--, a += 3) {
const x0 = w[e[a]], x1 = w[e[a + 1]];
w[e[a + 2]] = x0 / x1;
}
},
// allometry
(w, e, n, a) => {
for (; n > 0; n--, a += 4) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]];
w[e[a + 3]] = (x0 * Math.pow(x1, x2));
}
},
// saturating
(w, e, n, a) => {
for (; n > 0; n--, a += 3) {
const x0 = w[e[a]], x1 = w[e[a + 1]];
w[e[a + 2]] = (x0 / ((x0 + x1)));
}
},
// inhibited
(w, e, n, a) => {
for (; n > 0; n--, a += 3) {
const x0 = w[e[a]], x1 = w[e[a + 1]];
w[e[a + 2]] = (x1 / ((x0 + x1)));
}
},
// threefold
(w, e, n, a) => {
for (; n > 0; n--, a += 4) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]];
w[e[a + 3]] = x0 * x1 * x2;
}
},
// larger
(w, e, n, a) => {
for (; n > 0; n--, a += 3) {
const x0 = w[e[a]], x1 = w[e[a + 1]];
w[e[a + 2]] = ((0.5 * x0) + (0.5 * x1) + (0.5 * Math.pow((1e-30 + ((x0 - x1) * (x0 - x1))), 0.5)));
}
},
// lessened
(w, e, n, a) => {
for (; n > 0; n--, a += 4) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]];
w[e[a + 3]] = (x0 * (1 - (x1 * x2)));
}
},
// raised
(w, e, n, a) => {
for (; n > 0; n--, a += 3) {
const x0 = w[e[a]], x1 = w[e[a + 1]];
w[e[a + 2]] = (1 + (x0 * x1));
}
},
// faithful_birth
(w, e, n, a) => {
for (; n > 0; n--, a += 5) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]], x3 = w[e[a + 3]];
w[e[a + 4]] = (x0 * x3 * x2 * (1 - x1));
}
},
// crowding_death
(w, e, n, a) => {
for (; n > 0; n--, a += 6) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]], x3 = w[e[a + 3]], x4 = w[e[a + 4]];
w[e[a + 5]] = (x4 * x2 * (x0 - x1) / x3);
}
},
// rested
(w, e, n, a) => {
for (; n > 0; n--, a += 4) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]];
w[e[a + 3]] = (x2 * x0 * (1 - x1));
}
},
// rested_division
(w, e, n, a) => {
for (; n > 0; n--, a += 5) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]], x3 = w[e[a + 3]];
w[e[a + 4]] = (x3 * x0 * x1 * (1 - x2));
}
},
// passage
(w, e, n, a) => {
for (; n > 0; n--, a += 7) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]], x3 = w[e[a + 3]], x4 = w[e[a + 4]], x5 = w[e[a + 5]];
w[e[a + 6]] = (x0 * x5 * (1 + (x2 * x1) + (x4 * x3)));
}
},
// share_seen
(w, e, n, a) => {
for (; n > 0; n--, a += 5) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]], x3 = w[e[a + 3]];
let mean = 0;
for (let k = 0; k < NODES.length; k++) { const node = NODES[k], weight = WEIGHTS[k];
mean += weight * (1 / ((1 + Math.pow((x2 * Math.exp((-x1 * node)) / x0), x3))));
}
w[e[a + 4]] = mean;
}
},
// still_unseen
(w, e, n, a) => {
for (; n > 0; n--, a += 4) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]];
w[e[a + 3]] = (x0 * (1 - (x1 * x2)));
}
},
// complement
(w, e, n, a) => {
for (; n > 0; n--, a += 2) {
const x0 = w[e[a]];
w[e[a + 1]] = 1 - x0;
}
},
// stimulation
(w, e, n, a) => {
for (; n > 0; n--, a += 6) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]], x3 = w[e[a + 3]], x4 = w[e[a + 4]];
w[e[a + 5]] = (x0 / ((x0 + (x4 * x3) + (x1 * x2))));
}
},
];
const SLOPES = [
// stimulated
(w, e, n, a, m) => {
for (; n > 0; n--, a += 6) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]];
if (m & 1) w[e[a + 3]] = x2 * x1;
if (m & 2) w[e[a + 4]] = x2 * x0;
if (m & 4) w[e[a + 5]] = x0 * x1;
}
},
// losing_birth
(w, e, n, a, m) => {
for (; n > 0; n--, a += 8) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]], x3 = w[e[a + 3]];
const s_0 = x3 * x2;
const s_1 = x0 * x1;
if (m & 1) w[e[a + 4]] = s_0 * x1;
if (m & 2) w[e[a + 5]] = s_0 * x0;
if (m & 4) w[e[a + 6]] = s_1 * x3;
if (m & 8) w[e[a + 7]] = s_1 * x2;
}
},
// leucocyte_count
(w, e, n, a, m) => {
for (; n > 0; n--, a += 8) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]], x3 = w[e[a + 3]];
if (m & 1) w[e[a + 4]] = x1;
if (m & 2) w[e[a + 5]] = 1 + x0;
if (m & 4) w[e[a + 6]] = 1 / x3;
if (m & 8) w[e[a + 7]] = (-x2 / ((x3 * x3)));
}
},
// normal_marrow
(w, e, n, a, m) => {
for (; n > 0; n--, a += 6) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]];
const s_0 = 0.25 / x2;
if (m & 1) w[e[a + 3]] = s_0 * x1;
if (m & 2) w[e[a + 4]] = s_0 * x0;
if (m & 4) w[e[a + 5]] = (-0.25 * x0 * x1 / ((x2 * x2)));
}
},
// vector_copies_per_dna
(w, e, n, a, m) => {
for (; n > 0; n--, a += 6) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]];
const s_0 = 1 / x2;
if (m & 1) w[e[a + 3]] = s_0 * x1;
if (m & 2) w[e[a + 4]] = s_0 * x0;
if (m & 4) w[e[a + 5]] = (-x1 * x0 / ((x2 * x2)));
}
},
// logistic_death
(w, e, n, a, m) => {
for (; n > 0; n--, a += 8) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]], x3 = w[e[a + 3]];
const s_0 = 1 / x2;
const s_1 = x1 * x1;
const s_2 = 1 / x3;
const s_3 = s_1 * s_2;
const s_4 = s_0 * x0;
if (m & 1) w[e[a + 4]] = s_0 * s_3;
if (m & 2) w[e[a + 5]] = 2 * s_2 * s_4 * x1;
if (m & 4) w[e[a + 6]] = (-s_3 * x0 / ((x2 * x2)));
if (m & 8) w[e[a + 7]] = (-s_1 * s_4 / ((x3 * x3)));
}
},
// released
(w, e, n, a, m) => {
for (; n > 0; n--, a += 10) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]], x3 = w[e[a + 3]], x4 = w[e[a + 4]];
const s_0 = 1 / x4;
const s_1 = (x1 + (x2 * x3));
const s_2 = s_0 * x0;
if (m & 1) w[e[a + 5]] = s_0 * s_1;
if (m & 2) w[e[a + 6]] = s_2;
if (m & 4) w[e[a + 7]] = s_2 * x3;
if (m & 8) w[e[a + 8]] = s_2 * x2;
if (m & 16) w[e[a + 9]] = (-s_1 * x0 / ((x4 * x4)));
}
},
// composed
(w, e, n, a, m) => {
for (; n > 0; n--, a += 4) {
const x0 = w[e[a]], x1 = w[e[a + 1]];
const s_0 = Math.pow(x0, (-x1));
if (m & 1) w[e[a + 2]] = -s_0 * x1 / x0;
if (m & 2) w[e[a + 3]] = (-s_0 * Math.log(x0));
}
},
// driven_division
(w, e, n, a, m) => {
for (; n > 0; n--, a += 8) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]], x3 = w[e[a + 3]];
const s_0 = x3 * x2;
const s_1 = x0 * x1;
if (m & 1) w[e[a + 4]] = s_0 * x1;
if (m & 2) w[e[a + 5]] = s_0 * x0;
if (m & 4) w[e[a + 6]] = s_1 * x3;
if (m & 8) w[e[a + 7]] = s_1 * x2;
}
},
// renal_clearance
(w, e, n, a, m) => {
for (; n > 0; n--, a += 12) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]], x3 = w[e[a + 3]], x4 = w[e[a + 4]], x5 = w[e[a + 5]];
const s_0 = Math.pow(x3, x4);
const s_1 = s_0 * x5;
const s_2 = (x0 + (x2 * x1));
const s_3 = s_1 * s_2;
if (m & 1) w[e[a + 6]] = s_1;
if (m & 2) w[e[a + 7]] = s_1 * x2;
if (m & 4) w[e[a + 8]] = s_1 * x1;
if (m & 8) w[e[a + 9]] = s_3 * x4 / x3;
if (m & 16) w[e[a + 10]] = (s_3 * Math.log(x3));
if (m & 32) w[e[a + 11]] = s_0 * s_2;
}
},
// crowded_set_point
(w, e, n, a, m) => {
for (; n > 0; n--, a += 8) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]], x3 = w[e[a + 3]];
const s_0 = 1 / x2;
const s_1 = (1 + (s_0 * x1));
const s_2 = Math.pow(s_1, (-x3));
const s_3 = s_2 * x0;
const s_4 = s_3 * x3 / s_1;
if (m & 1) w[e[a + 4]] = s_2;
if (m & 2) w[e[a + 5]] = -s_0 * s_4;
if (m & 4) w[e[a + 6]] = (s_4 * x1 / ((x2 * x2)));
if (m & 8) w[e[a + 7]] = (-s_3 * Math.log(s_1));
}
},
// feedback_birth
(w, e, n, a, m) => {
for (; n > 0; n--, a += 10) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]], x3 = w[e[a + 3]], x4 = w[e[a + 4]];
const s_0 = 1 / x3;
const s_1 = s_0 * x2;
const s_2 = Math.pow(s_1, x4);
const s_3 = s_2 * x1;
const s_4 = s_3 * x0;
const s_5 = s_4 * x4;
if (m & 1) w[e[a + 5]] = s_3;
if (m & 2) w[e[a + 6]] = s_2 * x0;
if (m & 4) w[e[a + 7]] = s_5 / x2;
if (m & 8) w[e[a + 8]] = -s_0 * s_5;
if (m & 16) w[e[a + 9]] = (s_4 * Math.log(s_1));
}
},
// suppression
(w, e, n, a, m) => {
for (; n > 0; n--, a += 6) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]];
const s_0 = x1 * x1;
const s_1 = (s_0 + (x2 * x2));
const s_2 = 1 / s_1;
const s_3 = (2 * x0 / ((s_1 * s_1)));
if (m & 1) w[e[a + 3]] = s_0 * s_2;
if (m & 2) w[e[a + 4]] = ((2 * s_2 * x1 * x0) - (s_3 * (x1 * x1 * x1)));
if (m & 4) w[e[a + 5]] = -s_0 * s_3 * x2;
}
},
// uptake
(w, e, n, a, m) => {
for (; n > 0; n--, a += 12) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]], x3 = w[e[a + 3]], x4 = w[e[a + 4]], x5 = w[e[a + 5]];
const s_0 = 1 / x4;
const s_1 = 1 / x5;
const s_2 = x3 + x2;
const s_3 = s_0 * s_1 * s_2;
const s_4 = s_1 * x1 * x0;
const s_5 = s_0 * s_4;
if (m & 1) w[e[a + 6]] = s_3 * x1;
if (m & 2) w[e[a + 7]] = s_3 * x0;
if (m & 4) w[e[a + 8]] = s_5;
if (m & 8) w[e[a + 9]] = s_5;
if (m & 16) w[e[a + 10]] = (-s_2 * s_4 / ((x4 * x4)));
if (m & 32) w[e[a + 11]] = (-s_0 * s_2 * x1 * x0 / ((x5 * x5)));
}
},
// cytokine_driven_division
(w, e, n, a, m) => {
for (; n > 0; n--, a += 6) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]];
if (m & 1) w[e[a + 3]] = x2 * x1;
if (m & 2) w[e[a + 4]] = x2 * x0;
if (m & 4) w[e[a + 5]] = x1 * x0;
}
},
// floored
(w, e, n, a, m) => {
for (; n > 0; n--, a += 4) {
const x0 = w[e[a]], x1 = w[e[a + 1]];
if (m & 1) w[e[a + 2]] = 1 - x1;
if (m & 2) w[e[a + 3]] = 1 - x0;
}
},
// kill_pressure
(w, e, n, a, m) => {
for (; n > 0; n--, a += 22) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]], x3 = w[e[a + 3]], x4 = w[e[a + 4]], x5 = w[e[a + 5]], x6 = w[e[a + 6]], x7 = w[e[a + 7]], x8 = w[e[a + 8]], x9 = w[e[a + 9]], x10 = w[e[a + 10]];
const s_0 = (x8 + (x10 * x9) + (x6 * x7));
const s_1 = 1 / s_0;
const s_2 = (x1 + (x5 * x4) + (x3 * x2));
const s_3 = s_1 * x0;
const s_4 = (s_2 * x0 / ((s_0 * s_0)));
if (m & 1) w[e[a + 11]] = s_1 * s_2;
if (m & 2) w[e[a + 12]] = s_3;
if (m & 4) w[e[a + 13]] = s_3 * x3;
if (m & 8) w[e[a + 14]] = s_3 * x2;
if (m & 16) w[e[a + 15]] = s_3 * x5;
if (m & 32) w[e[a + 16]] = s_3 * x4;
if (m & 64) w[e[a + 17]] = -s_4 * x7;
if (m & 128) w[e[a + 18]] = -s_4 * x6;
if (m & 256) w[e[a + 19]] = -s_4;
if (m & 512) w[e[a + 20]] = -s_4 * x10;
if (m & 1024) w[e[a + 21]] = -s_4 * x9;
}
},
// first_order
(w, e, n, a, m) => {
for (; n > 0; n--, a += 4) {
const x0 = w[e[a]], x1 = w[e[a + 1]];
if (m & 1) w[e[a + 2]] = x1;
if (m & 2) w[e[a + 3]] = x0;
}
},
// constant
(w, e, n, a, m) => {
for (; n > 0; n--, a += 4) {
const x0 = w[e[a]], x1 = w[e[a + 1]];
if (m & 1) w[e[a + 2]] = x1;
if (m & 2) w[e[a + 3]] = x0;
}
},
// ratio
(w, e, n, a, m) => {
for (; n > 0; n--, a += 4) {
const x0 = w[e[a]], x1 = w[e[a + 1]];
if (m & 1) w[e[a + 2]] = 1 / x1;
if (m & 2) w[e[a + 3]] = (-x0 / ((x1 * x1)));
}
},
// allometry
(w, e, n, a, m) => {
for (; n > 0; n--, a += 6) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]];
const s_0 = Math.pow(x1, x2);
const s_1 = s_0 * x0;
if (m & 1) w[e[a + 3]] = s_0;
if (m & 2) w[e[a + 4]] = s_1 * x2 / x1;
if (m & 4) w[e[a + 5]] = (s_1 * Math.log(x1));
}
},
// saturating
(w, e, n, a, m) => {
for (; n > 0; n--, a += 4) {
const x0 = w[e[a]], x1 = w[e[a + 1]];
const s_0 = x0 + x1;
const s_1 = (x0 / ((s_0 * s_0)));
if (m & 1) w[e[a + 2]] = ((1 / s_0) - s_1);
if (m & 2) w[e[a + 3]] = -s_1;
}
},
// inhibited
(w, e, n, a, m) => {
for (; n > 0; n--, a += 4) {
const x0 = w[e[a]], x1 = w[e[a + 1]];
const s_0 = x0 + x1;
const s_1 = (x1 / ((s_0 * s_0)));
if (m & 1) w[e[a + 2]] = -s_1;
if (m & 2) w[e[a + 3]] = ((1 / s_0) - s_1);
}
},
// threefold
(w, e, n, a, m) => {
for (; n > 0; n--, a += 6) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]];
if (m & 1) w[e[a + 3]] = x1 * x2;
if (m & 2) w[e[a + 4]] = x0 * x2;
if (m & 4) w[e[a + 5]] = x0 * x1;
}
},
// larger
(w, e, n, a, m) => {
for (; n > 0; n--, a += 4) {
const x0 = w[e[a]], x1 = w[e[a + 1]];
const s_0 = ((1 * x0) - (1 * x1));
const s_1 = (0.5 / (Math.pow((1e-30 + ((x0 - x1) * (x0 - x1))), 0.5)));
if (m & 1) w[e[a + 2]] = (0.5 + (s_0 * s_1));
if (m & 2) w[e[a + 3]] = (0.5 - (s_0 * s_1));
}
},
// lessened
(w, e, n, a, m) => {
for (; n > 0; n--, a += 6) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]];
if (m & 1) w[e[a + 3]] = (1 - (x1 * x2));
if (m & 2) w[e[a + 4]] = -x2 * x0;
if (m & 4) w[e[a + 5]] = -x1 * x0;
}
},
// raised
(w, e, n, a, m) => {
for (; n > 0; n--, a += 4) {
const x0 = w[e[a]], x1 = w[e[a + 1]];
if (m & 1) w[e[a + 2]] = x1;
if (m & 2) w[e[a + 3]] = x0;
}
},
// faithful_birth
(w, e, n, a, m) => {
for (; n > 0; n--, a += 8) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]], x3 = w[e[a + 3]];
const s_0 = 1 - x1;
const s_1 = x3 * x2;
const s_2 = s_0 * x0;
if (m & 1) w[e[a + 4]] = s_0 * s_1;
if (m & 2) w[e[a + 5]] = -s_1 * x0;
if (m & 4) w[e[a + 6]] = s_2 * x3;
if (m & 8) w[e[a + 7]] = s_2 * x2;
}
},
// crowding_death
(w, e, n, a, m) => {
for (; n > 0; n--, a += 10) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]], x3 = w[e[a + 3]], x4 = w[e[a + 4]];
const s_0 = 1 / x3;
const s_1 = s_0 * x4;
const s_2 = s_1 * x2;
const s_3 = x0 - x1;
const s_4 = s_3 * x2;
if (m & 1) w[e[a + 5]] = s_2;
if (m & 2) w[e[a + 6]] = -s_2;
if (m & 4) w[e[a + 7]] = s_1 * s_3;
if (m & 8) w[e[a + 8]] = (-s_4 * x4 / ((x3 * x3)));
if (m & 16) w[e[a + 9]] = s_0 * s_4;
}
},
// rested
(w, e, n, a, m) => {
for (; n > 0; n--, a += 6) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]];
const s_0 = 1 - x1;
if (m & 1) w[e[a + 3]] = s_0 * x2;
if (m & 2) w[e[a + 4]] = -x2 * x0;
if (m & 4) w[e[a + 5]] = s_0 * x0;
}
},
// rested_division
(w, e, n, a, m) => {
for (; n > 0; n--, a += 8) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]], x3 = w[e[a + 3]];
const s_0 = 1 - x2;
const s_1 = s_0 * x3;
const s_2 = x0 * x1;
if (m & 1) w[e[a + 4]] = s_1 * x1;
if (m & 2) w[e[a + 5]] = s_1 * x0;
if (m & 4) w[e[a + 6]] = -s_2 * x3;
if (m & 8) w[e[a + 7]] = s_0 * s_2;
}
},
// passage
(w, e, n, a, m) => {
for (; n > 0; n--, a += 12) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]], x3 = w[e[a + 3]], x4 = w[e[a + 4]], x5 = w[e[a + 5]];
const s_0 = (1 + (x2 * x1) + (x4 * x3));
const s_1 = x0 * x5;
if (m & 1) w[e[a + 6]] = s_0 * x5;
if (m & 2) w[e[a + 7]] = s_1 * x2;
if (m & 4) w[e[a + 8]] = s_1 * x1;
if (m & 8) w[e[a + 9]] = s_1 * x4;
if (m & 16) w[e[a + 10]] = s_1 * x3;
if (m & 32) w[e[a + 11]] = s_0 * x0;
}
},
// share_seen
(w, e, n, a, m) => {
for (; n > 0; n--, a += 8) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]], x3 = w[e[a + 3]];
let slope_0 = 0;
let slope_1 = 0;
let slope_2 = 0;
let slope_3 = 0;
for (let k = 0; k < NODES.length; k++) { const node = NODES[k], weight = WEIGHTS[k];
const s_0 = 1 / x0;
const s_1 = (s_0 * x2 * Math.exp((-x1 * node)));
const s_2 = Math.pow(s_1, x3);
const s_3 = (1 * s_2 / (((1 + s_2) * (1 + s_2))));
const s_4 = s_3 * x3;
slope_0 += weight * (s_0 * s_4);
slope_1 += weight * (s_4 * node);
slope_2 += weight * (-s_4 / x2);
slope_3 += weight * (-s_3 * Math.log(s_1));
}
if (m & 1) w[e[a + 4]] = slope_0;
if (m & 2) w[e[a + 5]] = slope_1;
if (m & 4) w[e[a + 6]] = slope_2;
if (m & 8) w[e[a + 7]] = slope_3;
}
},
// still_unseen
(w, e, n, a, m) => {
for (; n > 0; n--, a += 6) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]];
if (m & 1) w[e[a + 3]] = (1 - (x1 * x2));
if (m & 2) w[e[a + 4]] = -x2 * x0;
if (m & 4) w[e[a + 5]] = -x1 * x0;
}
},
// complement
(w, e, n, a, m) => {
for (; n > 0; n--, a += 2) {
if (m & 1) w[e[a + 1]] = -1;
}
},
// stimulation
(w, e, n, a, m) => {
for (; n > 0; n--, a += 10) {
const x0 = w[e[a]], x1 = w[e[a + 1]], x2 = w[e[a + 2]], x3 = w[e[a + 3]], x4 = w[e[a + 4]];
const s_0 = (x0 + (x4 * x3) + (x1 * x2));
const s_1 = (x0 / ((s_0 * s_0)));
if (m & 1) w[e[a + 5]] = ((1 / s_0) - s_1);
if (m & 2) w[e[a + 6]] = -s_1 * x2;
if (m & 4) w[e[a + 7]] = -s_1 * x1;
if (m & 8) w[e[a + 8]] = -s_1 * x4;
if (m & 16) w[e[a + 9]] = -s_1 * x3;
}
},
];
const A = [[], [3.0], [2.849394379747939, 0.45842242204463923], [-6.954028509809101, 2.489845061869568, -10.358996098473584], [2.8029986275628964, 0.5072464736228206, -0.3988312541770524, -0.04721187230404641], [-7.502846399306121, 2.561846144803919, -11.627539656261098, -0.18268767659942256, 0.030198172008377946]];
const C = [[], [-14.155112264123755], [-17.97296035885952, -2.859693295451294], [147.12150275711716, -1.41221402718213, 71.68940251302358], [165.43517024871676, -0.4592823456491126, 42.90938336958603, -5.961986721573306], [24.854864614690072, -3.0009227002832186, 47.4931110020768, 5.5814197821558125, -0.6610691825249471], [30.91273214028599, -3.1208243349937974, 77.79954646070892, 34.28646028294783, -19.097331116725623, -28.087943162872662], [37.80277123390563, -3.2571969029072276, 112.26918849496327, 66.9347231244047, -40.06618937091002, -54.66780262877968, -9.48861652309627]];
const DENSE = [[25.948786856663858, -2.5579724845846235, 10.433815404888879, -2.3679251022685204, 0.524948541321073, 1.1241088310450404, 0.4272876194431874, -0.17202221070155493], [-9.91568850695171, -0.9689944594115154, 3.0438037242978453, -24.495224566215796, 20.176138334709044, 15.98066361424651, -6.789040303419874, -6.710236069923372], [11.419903575922262, 2.8879645146136994, 72.92137995996029, 80.12511834622643, -52.072871366152654, -59.78993625266729, -0.15582684282751913, 4.883087185713722]];
const GAMMA = 0.21193756319429014;
