/* c = tanh(v + sigmoid(r) w), h = c + sigmoid(z) (h - c); the gates are r_1 ... r_n z_1 ... z_n.
   Each block of sums is divided by 2^(12 + its shift) */
P_APART void P_int_gru(P_number *h, const int32_t *gates, const int32_t *v, const int32_t *w, int n,
                       int of_gates, int of_v, int of_w)
{
    int i = 0;
    do {
        int32_t recalled = P_int_shift(w[i], of_w);
        if (recalled > 65535)
            recalled = 65535;
        if (recalled < -65535)
            recalled = -65535;
        recalled = P_int_sigmoid(P_int_shift(gates[i], of_gates)) * recalled;
        int32_t c = P_int_tanh(P_int_shift(v[i], of_v) + P_int_shift(recalled, 15));
        int32_t kept = ((int32_t)h[i] * (1 << P_COARSER) - c) >> 1;
        int32_t update = P_int_sigmoid(P_int_shift(gates[n + i], of_gates));
        h[i] = P_int_coarser(c + P_int_shift(kept * update, 14));
    } while (++i < n);
}
