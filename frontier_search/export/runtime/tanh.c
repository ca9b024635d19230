/* tanh(x) = x P(x^2) / Q(x^2), within @TANH_ERROR@ */
P_APART float P_tanh(float x)
{
    if (x > @TANH_END@)
        x = @TANH_END@;
    if (x < -@TANH_END@)
        x = -@TANH_END@;
    float s = x * x;
    float p = @TANH_P0@ * s;
    p = (p + @TANH_P1@) * s;
    p = (p + @TANH_P2@) * s;
    p = (p + @TANH_P3@) * x;
    float q = s + @TANH_Q0@;
    q = q * s + @TANH_Q1@;
    q = q * s + @TANH_Q2@;
    return p / q;
}
