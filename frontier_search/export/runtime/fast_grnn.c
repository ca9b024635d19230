/* z = sigmoid(p), c = tanh(p + d), h = (zeta (1 - z) + nu) c + z h. The constants are
   zeta nu d_1 d_2 ... */
P_APART const P_FLASH float *P_fast_grnn(const P_FLASH float *w, float *h, const float *p, int n)
{
    float zeta = *w++, nu = *w++;
    do {
        float z = P_sigmoid(*p), c = P_tanh(*p + *w++);
        *h = (zeta * (1.0f - z) + nu) * c + z * *h;
        h++;
        p++;
    } while (--n);
    return w;
}
