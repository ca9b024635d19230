/* h = h + rate (tanh(u + scale s) - h) */
P_APART void P_leak(float *h, const float *u, const float *s, int n, float scale, float rate)
{
    do {
        *h = *h + rate * (P_tanh(*u++ + *s++ * scale) - *h);
        h++;
    } while (--n);
}
