/* h = h + rate (tanh(h + tanh(scale s)) - h) */
P_APART void P_update_part(float *h, const float *s, int n, float scale, float rate)
{
    do {
        float u = P_tanh(*h + P_tanh(*s++ * scale));
        *h = *h + rate * (u - *h);
        h++;
    } while (--n);
}
