/* h = tanh(h + tanh(scale s)) */
P_APART void P_update(float *h, const float *s, int n, float scale)
{
    do {
        *h = P_tanh(*h + P_tanh(*s++ * scale));
        h++;
    } while (--n);
}
