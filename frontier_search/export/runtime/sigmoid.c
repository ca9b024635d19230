/* 1 / (1 + exp(-x)), within @SIGMOID_ERROR@ */
P_APART float P_sigmoid(float x)
{
    return 1.0f / (1.0f + P_exp(-x));
}
