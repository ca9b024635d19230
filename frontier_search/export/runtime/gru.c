/* c = tanh(v + sigmoid(r) w), h = c + sigmoid(z) (h - c); the gates are r_1 ... r_n z_1 ... z_n */
P_APART void P_gru(float *h, const float *gates, const float *v, const float *w, int n)
{
    int i = 0;
    do {
        float c = P_tanh(v[i] + P_sigmoid(gates[i]) * w[i]);
        h[i] = c + P_sigmoid(gates[n + i]) * (h[i] - c);
    } while (++i < n);
}
